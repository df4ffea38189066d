import { kernels } from '../../../src/sample/kernels/index.ts';
import { choice, flag, type LinkState, linkSchema, number, text, whole } from '../../link.ts';

/** Names of kernels, in the order in which they are offered. */
export const kernelNames = Object.keys(kernels) as (keyof typeof kernels)[];

/** What may be set; the controls offer the same. */
export const ranges = {
  measurements: { min: 1, max: 64 },
  chains: { min: 1, max: 100 },
  jumpEvery: { min: 1, max: 100 },
  stepSize: { min: 0.05, max: 4 },
  friction: { min: 0.005, max: 8 },
  pace: { min: 1, max: 60 },
} as const;

/** What a link to this view holds. A model of a file of the reader's is there by its name alone. */
export const schema = linkSchema(1, {
  model: text('mnist'),
  device: choice('auto', ['auto', 'cpu', 'webgpu']),
  chains: whole(16, ranges.chains),
  M: whole(1, ranges.measurements),
  kernel: choice('sachs', kernelNames),
  stepSize: number(0.5, ranges.stepSize),
  // Better than 1/2 for the models in the box, see docs/results.md.
  friction: number(0.0625, ranges.friction),
  mean: flag(false),
  jumpEvery: whole(5, ranges.jumpEvery),
  pace: number(20, ranges.pace),
  seed: whole(0, { min: 0 }),
  /** The chain that is opened, counted from 1; 0 for none. */
  open: whole(0, { min: 0 }),
});

export type ImagesState = LinkState<typeof schema>;
