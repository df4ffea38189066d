import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../errors.ts';

/**
 * Checks that two protocols, plain data, are the same: results of different ones are not mixed.
 *
 * @throws UserError naming what differs first.
 */
export function checkSameProtocol(kept: unknown, wanted: unknown, folder: string): void {
  const changes = differences(kept, wanted);
  if (changes.length === 0) return;
  const more = changes.length > 3 ? ` and ${changes.length - 3} more` : '';
  const first = changes.slice(0, 3).map(textOfChange).join(', ');
  throw new UserError(
    `${folder}: holds another experiment: ${first}${more}; run it with its own settings, or give another folder`,
    { code: 'mismatch', facts: { path: folder, changes } },
  );
}

/** A setting that differs, by its path: `training.steps`. */
interface Change {
  readonly setting: string;
  readonly kept: unknown;
  readonly wanted: unknown;
}

const textOfChange = ({ setting, kept, wanted }: Change) =>
  `${setting} was ${textOf(kept)} and is now ${textOf(wanted)}`;

/** Parts of records, and of lists of records of one length, are compared one by one. */
function differences(kept: unknown, wanted: unknown, setting = ''): Change[] {
  if (isDeepStrictEqual(kept, wanted)) return [];
  if (!hasParts(kept) || !hasParts(wanted) || lengthOf(kept) !== lengthOf(wanted)) {
    return [{ setting, kept, wanted }];
  }
  const keys = new Set([...Object.keys(kept), ...Object.keys(wanted)]);
  return [...keys].flatMap((key) =>
    differences(kept[key], wanted[key], setting ? `${setting}.${key}` : key),
  );
}

type Parts = Readonly<Record<string, unknown>>;

const hasParts = (value: unknown): value is Parts =>
  typeof value === 'object' &&
  value !== null &&
  (!Array.isArray(value) || value.every((item) => typeof item === 'object'));

const lengthOf = (value: Parts) => (Array.isArray(value) ? value.length : undefined);

const textOf = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value));
