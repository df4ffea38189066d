import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../../errors.ts';

/**
 * Results of two protocols, plain data, are not mixed.
 * @throws UserError naming what differs first.
 */
export function checkSameProtocol(kept: unknown, wanted: unknown, folder: string): void {
  const changes = differences(kept, wanted);
  if (changes.length === 0) return;
  const more = changes.length > 3 ? ` and ${changes.length - 3} more` : '';
  throw new UserError(
    `${folder}: holds another experiment: ${changes.slice(0, 3).join(', ')}${more}; run it with its own settings, or give another --out`,
  );
}

/** Parts of records, and of lists of records of one length, are compared one by one. */
function differences(kept: unknown, wanted: unknown, path = ''): string[] {
  if (isDeepStrictEqual(kept, wanted)) return [];
  if (!hasParts(kept) || !hasParts(wanted) || lengthOf(kept) !== lengthOf(wanted)) {
    return [`${path} was ${textOf(kept)} and is now ${textOf(wanted)}`];
  }
  const keys = new Set([...Object.keys(kept), ...Object.keys(wanted)]);
  return [...keys].flatMap((key) =>
    differences(kept[key], wanted[key], path ? `${path}.${key}` : key),
  );
}

type Parts = Readonly<Record<string, unknown>>;

const hasParts = (value: unknown): value is Parts =>
  typeof value === 'object' &&
  value !== null &&
  (!Array.isArray(value) || value.every((item) => typeof item === 'object'));

const lengthOf = (value: Parts) => (Array.isArray(value) ? value.length : undefined);

const textOf = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value));
