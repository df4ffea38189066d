/** Noise schedules of diffusion models, and the time of a noise level. */
import { z } from 'zod';

/** How much of an image is left after each step of a diffusion. */
export type ScheduleConfig =
  | {
      /** β rises linearly, or its root does. */
      readonly type: 'linear' | 'scaled-linear';
      readonly steps: number;
      readonly betaStart: number;
      readonly betaEnd: number;
    }
  | {
      /** ᾱ falls as cos²((t + 0.008)/1.008 · π/2), β at most 0.999 (Nichol & Dhariwal 2021). */
      readonly type: 'cosine';
      readonly steps: number;
    }
  | { readonly type: 'betas'; readonly betas: readonly number[] };

const steps = z.int().min(2).max(100_000);
const beta = z.number().gt(0).lt(1);

export const scheduleSchema: z.ZodType<ScheduleConfig> = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.enum(['linear', 'scaled-linear']),
    steps,
    betaStart: beta,
    betaEnd: beta,
  }),
  z.strictObject({ type: z.literal('cosine'), steps }),
  z.strictObject({ type: z.literal('betas'), betas: z.array(beta).min(2).readonly() }),
]);

/** Lists β of each step. */
function betasOf(schedule: ScheduleConfig): readonly number[] {
  if (schedule.type === 'betas') return schedule.betas;
  const { steps: count } = schedule;
  const each = (beta: (i: number) => number) => Array.from({ length: count }, (_, i) => beta(i));
  if (schedule.type === 'cosine') {
    const left = (t: number) => Math.cos(((t + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
    return each((i) => Math.min(1 - left((i + 1) / count) / left(i / count), 0.999));
  }
  const { betaStart, betaEnd } = schedule;
  const between = (a: number, b: number) => (i: number) => a + ((b - a) * i) / (count - 1);
  if (schedule.type === 'linear') return each(between(betaStart, betaEnd));
  const root = between(Math.sqrt(betaStart), Math.sqrt(betaEnd));
  return each((i) => root(i) ** 2);
}

/**
 * Shifts and stretches √ᾱ of all steps so that nothing of the image is left at the last (Lin et al.
 * 2024, algorithm 1), and leaves that step out: its σ has no end.
 */
export function withoutLastSignal(schedule: ScheduleConfig): ScheduleConfig {
  let left = 1;
  const roots = betasOf(schedule).map((own) => {
    left *= 1 - own;
    return Math.sqrt(left);
  });
  const [first, last] = [roots[0]!, roots.at(-1)!];
  const signal = roots.map((root) => (((root - last) * first) / (first - last)) ** 2);
  const betas = signal.slice(0, -1).map((own, i) => 1 - own / (signal[i - 1] ?? 1));
  return { type: 'betas', betas };
}

/**
 * Lists σ = √((1 − ᾱ)/ᾱ) of each step: z = √ᾱ x + √(1−ᾱ) ε is y = x + σε, divided by √(1 + σ²)
 * (Ho et al. 2020, eq. 4). They rise.
 */
export function noiseOfSteps(schedule: ScheduleConfig): readonly number[] {
  let ratio = 0;
  // 1/ᾱ − 1 by itself: the difference of two numbers near 1 would lose the first steps' digits.
  return betasOf(schedule).map((own) => {
    ratio = (ratio + own) / (1 - own);
    return Math.sqrt(ratio);
  });
}

/**
 * Finds the step of a σ: a real number, linear in log σ between two steps and held at the ends.
 * Networks take it as they take whole steps.
 */
export function stepOfNoise(schedule: ScheduleConfig, sigma: number): number {
  const noise = noiseOfSteps(schedule);
  const above = noise.findIndex((own) => own > sigma);
  if (above === 0) return 0;
  if (above < 0) return noise.length - 1;
  const [low, high] = [noise[above - 1]!, noise[above]!];
  return above - 1 + Math.log(sigma / low) / Math.log(high / low);
}
