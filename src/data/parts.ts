/** Parts of a set, to train on, to choose by and to test on, by the names they usually have. */
import { UserError } from '../errors.ts';
import type { Split } from './examples.ts';

const names: Readonly<Record<Split, readonly string[]>> = {
  train: ['train', 'training', 'trn', 'tr'],
  val: ['val', 'valid', 'validation', 'dev'],
  test: ['test', 'testing', 'tst', 'te'],
};

/** Finds the part that a name means, whatever its case; `undefined` for any other name. */
export function partNamed(name: string): Split | undefined {
  const lower = name.toLowerCase();
  return (Object.keys(names) as Split[]).find((part) => names[part].includes(lower));
}

/** Throws where a source without parts is asked for one: silently giving all would be wrong. */
export function refusePartOfOne(split: Split | undefined, where: string): void {
  if (split === undefined || split === 'train') return;
  throw new UserError(`${where}: has one part, no ${split} split; leave split out.`, {
    code: 'not-found',
    facts: { path: where, option: 'split', split, parts: [] },
  });
}

/** Makes the error for a part that a source with parts has not. */
export function missingPart(split: Split, parts: readonly string[], where: string): UserError {
  const found = parts.join(', ');
  return new UserError(
    `${where}: has no ${split} split, its parts are ${found}; choose one of them with split.`,
    { code: 'not-found', facts: { path: where, option: 'split', split, parts } },
  );
}
