import { z } from 'zod';
import type { LoadOptions } from '../data/index.ts';
import { defineOptions } from './options.ts';

const names = z.array(z.union([z.string(), z.int().min(0)]));

/** What may be asked of a data set, wherever one is named. */
export const datasetOptions = defineOptions({
  split: {
    flags: '--split <part>',
    description: 'train or test part of the set',
    schema: z.enum(['train', 'test']).optional(),
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
});

/** Those of the options that were given. */
export function givenDatasetOptions(options: LoadOptions): LoadOptions {
  const { split, limit, classes, size, channels } = options;
  const entries = Object.entries({ split, limit, classes, size, channels });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
