import type { Denoiser } from '../src/density/index.ts';
import { fillNormal, randomKey } from '../src/random.ts';
import { walkJump } from '../src/sample/index.ts';
import { measure, table } from './measure.ts';

const CHAINS = 125;
const DIMENSION = 3072;

/** Random numbers, and a Langevin update of 125 chains in 3,072 dimensions without its score. */
export async function benchSample(seconds: number) {
  const buffer = new Float32Array(1 << 16);
  const key = randomKey(1);
  let counter = 0;
  const copy: Denoiser = {
    shape: [3, 32, 32],
    sigma: 0.25,
    denoise: async (z, out) => {
      out.set(z);
    },
  };
  const steps = 10;
  const rates = await measure(
    [
      {
        name: 'normal numbers, million/s',
        work: buffer.length / 1e6,
        run: async () => fillNormal(key, counter++, buffer),
      },
      {
        name: `updates of ${CHAINS} × ${DIMENSION}, noise included, per second`,
        work: steps,
        run: async () => {
          for await (const _ of walkJump(copy, { chains: CHAINS, steps, jumpEvery: steps }));
        },
      },
    ],
    seconds,
  );
  const rows = rates.map(({ name, best }) => [name, best.toFixed(1)]);
  return { result: rates, text: table(['', 'one core'], rows) };
}
