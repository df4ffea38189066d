import { z } from 'zod';
import type { LoadOptions } from '../data/node/index.ts';
import { defineOptions } from './options.ts';

const names = z.array(z.union([z.string(), z.int().min(0)]));

const yesOrNo = z.union([
  z.boolean(),
  z.enum(['yes', 'no']).transform((answer) => answer === 'yes'),
]);

/** What may be asked of a data set, wherever one is named. */
export const datasetOptions = defineOptions({
  split: {
    flags: '--split <part>',
    description: 'train, val or test part of the set',
    schema: z.enum(['train', 'val', 'test']).optional(),
  },
  limit: {
    flags: '--limit <n>',
    description: 'use only this many examples',
    schema: z.int().min(1).optional(),
  },
  classes: {
    flags: '--classes <names>',
    description: 'use only these classes, by name or number, separated by commas',
    schema: z
      .union([names, z.string().transform((text) => text.split(',').map((name) => name.trim()))])
      .optional(),
  },
  size: {
    flags: '--size <pixels>',
    description: 'folders of images: resize to size × size',
    schema: z.int().min(1).optional(),
  },
  channels: {
    flags: '--channels <n>',
    description: 'folders of images: 1 for grey, 3 for colour',
    schema: z.union([z.literal(1), z.literal(3)]).optional(),
  },
  array: {
    flags: '--array <name>',
    description: 'NPZ: the array of examples, where names leave it open',
    schema: z.string().optional(),
  },
  alphabet: {
    flags: '--alphabet <name|letters>',
    description: 'sequences: dna, rna, protein, or the letters themselves, such as ACGTN',
    schema: z.string().optional(),
  },
  pad: {
    flags: '--pad <where>',
    description:
      'sequences of several lengths: end fills the shorter ones with gaps (default none)',
    schema: z.enum(['none', 'end']).optional(),
  },
  aligned: {
    flags: '--aligned [yes|no]',
    description: 'sequences: gaps are letters of an alignment; no leaves them out',
    schema: yesOrNo.optional(),
  },
  unknown: {
    flags: '--unknown <what>',
    description:
      'sequences: letters outside the alphabet: refuse, drop the sequence, or mask the letter',
    schema: z.enum(['refuse', 'drop', 'mask']).optional(),
  },
  column: {
    flags: '--column <name>',
    description: 'sequences in CSV or TSV: their column (default: sequence, or the only one)',
    schema: z.string().optional(),
  },
});

/** Picks those of the options that were given. */
export function givenDatasetOptions(options: LoadOptions): LoadOptions {
  const { split, limit, classes, size, channels } = options;
  const { array, alphabet, pad, aligned, unknown, column } = options;
  const entries = Object.entries({
    split,
    limit,
    classes,
    size,
    channels,
    array,
    alphabet,
    pad,
    aligned,
    unknown,
    column,
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
