import type { Dataset } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import type { Evaluator } from '../../run/index.ts';
import { encodePng, walkJump } from '../../sample/index.ts';
import { gridPicture } from '../../sample/picture-sizes.ts';

/**
 * Chains of the grids that are drawn during training, and steps of each: enough to see what is
 * learned.
 */
const [CHAINS, STEPS] = [36, 100] as const;

/**
 * Makes an evaluator of samples of the moving average, drawn every so many steps: a short walk at
 * σ̃ (M = 1) from the same noise each time, then one jump. None where `every` is 0.
 * @throws UserError for examples that are no images.
 */
export function samplesEvaluator(
  { name, shape }: Pick<Dataset, 'name' | 'shape'>,
  { every, seed }: { readonly every: number; readonly seed: number },
): Evaluator[] {
  if (every === 0) return [];
  if (shape.length !== 3 || ![1, 3, 4].includes(shape[0]!)) {
    throw new UserError(
      `sampleEvery ${every}: ${name} holds no images but examples of shape [${shape.join(', ')}]; leave it out`,
      { code: 'unsupported', facts: { option: 'sampleEvery', value: every, shape } },
    );
  }
  const walk = { chains: CHAINS, steps: STEPS, jumpEvery: STEPS, seed };
  const evaluate: Evaluator['evaluate'] = async ({ denoiser, signal }) => {
    for await (const { xhat } of walkJump(denoiser, { ...walk, ...(signal && { signal }) })) {
      const { width, height, channels, data } = gridPicture(xhat, shape);
      const png = await encodePng({ width, height, channels, data });
      return { picture: { width, height, channels, png } };
    }
    return {};
  };
  return [{ name: 'samples', every, metrics: {}, evaluate }];
}
