/** One look at a model that was imported: a wrong convention shows as noise. */
import { sizeOf } from '../../graph/index.ts';
import type { Condition, ConditionalFamily } from '../../model/index.ts';
import { pause } from '../../pause.ts';
import type { Work } from '../../progress.ts';
import { fillNormal, foldKey, randomKey } from '../../random.ts';

/** Levels that images are drawn through, and the largest of them. */
const [LEVELS, HIGHEST, LOWEST] = [24, 20, 0.01] as const;

export interface DrawImagesOptions extends Work {
  readonly count: number;
  readonly seed: number;
  readonly condition?: Condition | undefined;
}

/**
 * Draws images `[count, ...shape]` from a family by Euler steps of the probability flow from its
 * high levels to its low ones, y ← x̂ + (σ'/σ)(y − x̂) (Karras et al. 2022, eq. 3): enough for a
 * look.
 */
export async function drawImages(
  family: ConditionalFamily,
  { count, seed, condition, onProgress, signal }: DrawImagesOptions,
): Promise<Float32Array> {
  const { levels } = family;
  const [from, to] =
    'from' in levels ? [levels.from, levels.to] : [levels.values[0]!, levels.values.at(-1)!];
  const [high, low] = [Math.min(to, HIGHEST), Math.max(from, LOWEST)];
  const sigmas = Array.from(
    { length: LEVELS },
    (_, i) => high * (low / high) ** (i / (LEVELS - 1)),
  );
  const y = new Float32Array(count * sizeOf(family.shape));
  fillNormal(randomKey(seed), 0, y);
  for (let i = 0; i < y.length; i++) y[i] = 0.5 + high * y[i]!;
  const xhat = new Float32Array(y.length);
  for (const [step, sigma] of sigmas.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ label: 'drawing a picture', done: step, of: LEVELS, unit: 'levels' });
    await family.at(sigma, condition).denoise(y, xhat);
    const ratio = (sigmas[step + 1] ?? 0) / sigma;
    for (let i = 0; i < y.length; i++) y[i] = xhat[i]! + ratio * (y[i]! - xhat[i]!);
    await pause();
  }
  return y;
}

/** Images, the same with noise, and what the model makes of them: `[n, ...shape]` each. */
export interface Preview {
  readonly clean: Float32Array;
  readonly noisy: Float32Array;
  readonly denoised: Float32Array;
}

/** Puts noise of a level on images and takes it off. */
export async function denoiseImages(
  family: ConditionalFamily,
  clean: Float32Array,
  options: {
    readonly sigma: number;
    readonly seed: number;
    readonly condition?: Condition | undefined;
  },
): Promise<Preview> {
  const noisy = new Float32Array(clean.length);
  fillNormal(foldKey(randomKey(options.seed), 1), 0, noisy);
  for (let i = 0; i < noisy.length; i++) noisy[i] = clean[i]! + options.sigma * noisy[i]!;
  const denoised = new Float32Array(clean.length);
  await family.at(options.sigma, options.condition).denoise(noisy, denoised);
  return { clean, noisy, denoised };
}
