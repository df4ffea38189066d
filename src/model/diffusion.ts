/** Networks of diffusion models as those of M-densities: what they see, are told and predict. */
import { z } from 'zod';
import {
  add,
  constant,
  div,
  log,
  maximum,
  minimum,
  mul,
  reduceSum,
  reshape,
  sqrt,
  sub,
  type Tensor,
} from '../graph/index.ts';
import type { Network } from '../nn/index.ts';
import type { View } from './gps.ts';
import { noiseOfSteps, type ScheduleConfig, scheduleSchema } from './schedule.ts';

/** What a diffusion's network may predict. */
export const targets = ['epsilon', 'velocity', 'sample', 'edm', 'exploding'] as const;

/** How a network was trained as a diffusion model. */
export interface DiffusionConfig {
  /** What 0 and 1 are to the network. */
  readonly range: readonly [number, number];
  /**
   * What it predicts of z = √ᾱ x + √(1−ᾱ) ε: ε; v = √ᾱ ε − √(1−ᾱ) x (Salimans & Ho 2022); or x.
   * `edm`: it is F of the `preconditioned` view, and sees y itself, scaled by that. `exploding`: −ε
   * of y itself, which it sees as it is (the variance-exploding process).
   */
  readonly target: (typeof targets)[number];
  /**
   * The time it is told for a noise σ of its own units: `unit` times the step of a schedule, which
   * is linear in log σ between two steps; `factor` · ln(σ/`over`), `over` 1 by default; or `unit`
   * times the t from 0 to 1 of the process whose β rises from the first of `rates` to the second,
   * 1 + σ² = exp ∫β (Song et al. 2021, eq. 32).
   */
  readonly time:
    | { readonly schedule: ScheduleConfig; readonly unit: number }
    | { readonly factor: number; readonly over?: number | undefined }
    | { readonly rates: readonly [number, number]; readonly unit: number };
}

export const diffusionSchema: z.ZodType<DiffusionConfig> = z.strictObject({
  range: z
    .tuple([z.number(), z.number()])
    .readonly()
    .refine(([low, high]) => low < high, 'ends before it begins'),
  target: z.enum(targets),
  time: z.union([
    z.strictObject({ schedule: scheduleSchema, unit: z.number().positive() }),
    z.strictObject({ factor: z.number().positive(), over: z.number().positive().optional() }),
    z.strictObject({
      rates: z
        .tuple([z.number().min(0), z.number()])
        .readonly()
        .refine(([first, last]) => first < last, 'does not rise'),
      unit: z.number().positive(),
    }),
  ]),
});

/** Names the view of a target. */
export const viewOfTarget = (target: DiffusionConfig['target']): View => {
  if (target === 'edm') return 'preconditioned';
  return target === 'sample' ? 'denoised' : 'noise';
};

/**
 * Makes of a diffusion's network one that sees ȳ in the units of data, is told its level σ̃, and
 * predicts what the view of its target says. With u = low + (high − low)·ȳ and σ = (high − low)·σ̃
 * the network sees u/√(1 + σ²) (Song et al. 2021, eq. 4 with the change of variables of the
 * variance-exploding process).
 *
 * @param sigma σ̃ where it is told none.
 */
export function diffusionNetwork(
  network: Network,
  { range: [low, high], target, time }: DiffusionConfig,
  sigma: number,
): Network {
  const width = high - low;
  return (scope, x, told = {}) => {
    const level = told.level ?? constant([sigma]);
    const own = mul(level, width);
    const given = { times: timesOf(own, time), condition: told.condition };
    if (target === 'edm') return network(scope, x, given);
    const wide = (values: Tensor) =>
      reshape(values, [values.shape[0]!, ...x.shape.slice(1).map(() => 1)]);
    const root = sqrt(add(mul(own, own), 1));
    const whole = add(mul(x, width), low);
    if (target === 'exploding') return mul(network(scope, whole, given), -1);
    const seen = mul(whole, wide(div(1, root)));
    const out = network(scope, seen, given);
    if (target === 'epsilon') return out;
    if (target === 'sample') return mul(sub(out, low), 1 / width);
    // ε = √(1−ᾱ) z + √ᾱ v.
    return add(mul(seen, wide(div(own, root))), mul(out, wide(div(1, root))));
  };
}

/** Times [N] of noises [N]. */
function timesOf(sigma: Tensor, time: DiffusionConfig['time']): Tensor {
  if ('rates' in time) {
    const [first, last] = time.rates;
    const rise = last - first;
    const spread = mul(log(add(mul(sigma, sigma), 1)), 2 * rise);
    return mul(sub(sqrt(add(spread, first * first)), first), time.unit / rise);
  }
  const exponent = log(sigma);
  if ('factor' in time) {
    const { factor, over = 1 } = time;
    return mul(over === 1 ? exponent : sub(exponent, Math.log(over)), factor);
  }
  const knots = noiseOfSteps(time.schedule).map(Math.log);
  const from = Float32Array.from(knots.slice(0, -1));
  const slopes = Float32Array.from(from, (_, i) => 1 / (knots[i + 1]! - knots[i]!));
  const row = (values: Float32Array) => constant(values, [1, values.length]);
  // Steps that are behind count 1, those ahead 0: whole numbers, whose sum is exact.
  const ramps = mul(sub(reshape(exponent, [-1, 1]), row(from)), row(slopes));
  const steps = reduceSum(minimum(maximum(ramps, 0), 1), [1]);
  return mul(reshape(steps, [-1]), time.unit);
}
