/** A part of an experiment's cells, for launchers that start many processes without a queue. */
import { UserError } from '../errors.ts';

/** One of `count` parts: cells `index`, `index + count`, … of their list. */
export interface Shard {
  /** Counted from 0. */
  readonly index: number;
  readonly count: number;
}

/**
 * Reads `i/n`, as `0/4` to `3/4`.
 * @throws UserError for anything else.
 */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,9})\/(\d{1,9})$/.exec(text)?.map(Number) ?? [];
  const facts = { option: 'shard', value: text };
  if (index === undefined || count === undefined || count === 0) {
    throw new UserError(`shard ${text}: is no part; give i/n, such as 0/4`, { facts });
  }
  if (index < count) return { index, count };
  throw new UserError(
    `shard ${text}: parts are counted from 0; give 0/${count} to ${count - 1}/${count}`,
    { facts },
  );
}

/** Tells whether the i-th cell of a list is of a part; without a part, all are. */
export const isIn = (shard: Shard | undefined, i: number): boolean =>
  shard === undefined || i % shard.count === shard.index;
