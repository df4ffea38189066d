import { kernels } from '../../../src/sample/kernels/index.ts';
import { choice, flag, linkSchema, number, whole } from '../../link.ts';
import { targetFields } from '../../target/fields.ts';

export const kernelNames = Object.keys(kernels);

/** Bounds of what is chosen. */
export const limits = {
  stepSize: [0.01, 8],
  friction: [0.01, 8],
  inverseMass: [0.1, 10],
  chains: [1, 256],
  every: [1, 100],
  burnIn: [0, 10_000],
  speed: [1, 3000],
} as const;

const within = ([min, max]: readonly [number, number]) => ({ min, max });

/** What a link to this view holds. */
export const schema = linkSchema(1, {
  ...targetFields,
  kernel: choice<string>('sachs', kernelNames),
  step: number(0.5, within(limits.stepSize)),
  friction: number(0.5, within(limits.friction)),
  mass: number(1, within(limits.inverseMass)),
  mean: flag(false),
  chains: whole(16, within(limits.chains)),
  /** Steps from one jump, and one draw, to the next. */
  every: whole(5, within(limits.every)),
  burn: whole(200, within(limits.burnIn)),
  seed: whole(0, { min: 0, max: Number.MAX_SAFE_INTEGER }),
  /** Steps a second. */
  speed: number(60, within(limits.speed)),
  /** Whose histogram and diagnostics are shown, and along which coordinate. */
  of: choice('ybar', ['ybar', 'xhat']),
  axis: choice('1', ['1', '2']),
  /** The chain that is read out, and whether its measurements are shown. */
  chain: whole(0, { min: 0, max: limits.chains[1] - 1 }),
  ys: flag(false),
  arrows: flag(false),
});
