import { z } from 'zod';
import { parseShard } from '../experiment/index.ts';
import { listOf } from './list-option.ts';
import { defineOptions, type OptionValues } from './options.ts';

/** Options of an experiment that many machines work at. */
export const shardOptions = defineOptions({
  shard: {
    flags: '--shard <i/n>',
    description: 'do only every n-th cell, from the i-th on, counted from 0: one part of n',
    schema: z.string().optional(),
  },
  join: {
    flags: '--join <dirs>',
    description: 'first take in what folders of the same experiment hold, separated by commas',
    schema: listOf(z.string()),
  },
});

/** Reads the part that is to be done. @throws UserError where it is none. */
export const givenShard = ({ shard }: Pick<OptionValues<typeof shardOptions>, 'shard'>) =>
  shard === undefined ? undefined : parseShard(shard);

/** Says what a part has left to others, of which results are not written yet. */
export const leftToOthers = (out: string, cells: number) =>
  `${out} has ${cells} finished cells; what is left is of other parts, or waits for them`;
