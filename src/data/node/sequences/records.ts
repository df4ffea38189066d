import { UserError } from '../../../errors.ts';
import { gunzipIfNeeded, readBytes } from '../../../files.ts';

/** A sequence as it stands in a file. */
export interface SequenceRecord {
  readonly name: string;
  /** Its lines, each with its number in the file, from 1. */
  readonly lines: readonly { readonly line: number; readonly text: string }[];
}

/** Longest text, in bytes, that one string can hold. */
const LONGEST = 2 ** 29 - 24;

/**
 * Reads a text file, gzipped or not: UTF-8, or else Latin-1, in which old files have their names.
 * @throws UserError where it is missing, damaged, too long, or no text.
 */
export async function readText(path: string): Promise<string> {
  return decodeText(await readBytes(path), path);
}

/** Decodes the text of a file's bytes; see `readText`. */
export function decodeText(packed: Uint8Array, path: string): string {
  const bytes = gunzipIfNeeded(packed, path);
  if (bytes.length > LONGEST) {
    throw new UserError(`${path}: has more than 512 MiB of text; split it into smaller files.`, {
      code: 'unsupported',
      facts: { path, bytes: bytes.length },
    });
  }
  if (bytes.includes(0)) throw notText(path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}

const notText = (path: string) =>
  new UserError(`${path}: is no text; give FASTA or CSV, gzipped or not.`, {
    code: 'unreadable',
    facts: { path },
  });
