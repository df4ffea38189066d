import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { collect, walkJump } from '../sample/index.ts';
import { openModel } from './index.ts';

const path = fileURLToPath(new URL('../../models/mnist', import.meta.url));

/** Largest difference that one estimate may have with another number of threads, in units of pixels. */
const TOLERANCE = 1e-5;

test('a short walk of one thread and of two agrees within the stated tolerance', async () => {
  const walks = [];
  for (const threads of [1, 2]) {
    const model = await openModel(path, { device: 'cpu', threads });
    walks.push(await collect(walkJump(model, { chains: 2, steps: 3, seed: 1 })));
    await model.release();
  }
  const [one, two] = walks.map(({ data }) => data);
  let worst = 0;
  for (let i = 0; i < one!.length; i++) worst = Math.max(worst, Math.abs(one![i]! - two![i]!));
  expect(one!.length).toBe(2 * 3 * 784);
  expect(worst).toBeLessThan(TOLERANCE);
});

test.each(['0', 'many', '1.5', '-2'])(
  'MDENSITY_THREADS=%s is refused before anything opens',
  async (value) => {
    vi.stubEnv('MDENSITY_THREADS', value);
    try {
      await expect(openModel(path, { device: 'cpu' })).rejects.toThrow(
        `MDENSITY_THREADS ${value}: give a whole number of threads, from 1`,
      );
    } finally {
      vi.unstubAllEnvs();
    }
  },
);
