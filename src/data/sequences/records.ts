import { UserError } from '../../errors.ts';
import { gunzipIfNeeded, readBytes } from '../../files.ts';

/** A sequence as it stands in a file. */
export interface SequenceRecord {
  readonly name: string;
  /** Its lines, each with its number in the file, from 1. */
  readonly lines: readonly { readonly line: number; readonly text: string }[];
}

/** Longest text, in bytes, that one string can hold. */
const LONGEST = 2 ** 29 - 24;

/**
 * Reads a text file, gzipped or not.
 * @throws UserError where it is missing, damaged, too long, or no text.
 */
export async function readText(path: string): Promise<string> {
  const bytes = gunzipIfNeeded(await readBytes(path), path);
  if (bytes.length > LONGEST) {
    throw new UserError(`${path}: has more than 512 MiB of text; split it into smaller files.`);
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch (cause) {
    throw notText(path, cause);
  }
  throw notText(path);
}

const notText = (path: string, cause?: unknown) =>
  new UserError(`${path}: is no text; give FASTA or CSV, gzipped or not.`, { cause });
