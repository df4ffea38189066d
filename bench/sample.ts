import { type Denoiser, findTarget } from '../src/density/index.ts';
import { fillNormal, randomKey } from '../src/random.ts';
import { walkJump } from '../src/sample/index.ts';
import { type Case, measure, table } from './measure.ts';

const MEASUREMENTS = [1, 4, 16, 64] as const;
const CHAINS = 125;
const DIMENSION = 3072;

/** A score that costs nothing, to time what is around it. */
const copy: Denoiser = {
  shape: [3, 32, 32],
  sigma: 0.25,
  denoise: async (z, out) => {
    out.set(z);
  },
};

/** A step of 16 chains at M measurements: of the mean walk, and of the walk of y. */
function walksAt(measurements: number): Case[] {
  return [true, false].map((meanWalk) => ({
    name: `${meanWalk ? 'mean walk' : 'walk of y'}, M = ${measurements}`,
    work: 10,
    run: async () => {
      const options = { chains: 16, steps: 10, jumpEvery: 10, measurements, meanWalk };
      for await (const _ of walkJump(copy, options));
    },
  }));
}

/** Random numbers, Langevin updates without their score, exact scores, and the mean walk. */
export async function benchSample(seconds: number) {
  const buffer = new Float32Array(1 << 16);
  const key = randomKey(1);
  let counter = 0;
  const steps = 10;
  const smoothed = findTarget('eight-gaussians').smooth(0.5);
  const points = new Float64Array(2 * 4096);
  fillNormal(key, 0, points);
  const scores = new Float64Array(points.length);
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
      {
        name: 'scores of a mixture of 8 Gaussians in the plane, million/s',
        work: points.length / 2e6,
        run: async () => smoothed.score(points, scores),
      },
    ],
    seconds,
  );
  const means = await measure(MEASUREMENTS.flatMap(walksAt), seconds);
  const rows = rates.map(({ name, median }) => [name, median.toFixed(1)]);
  const milliseconds = (i: number) => (1000 / means[i]!.median).toFixed(2);
  const meanRows = MEASUREMENTS.map((m, i) => [
    `${m}`,
    milliseconds(2 * i),
    milliseconds(2 * i + 1),
  ]);
  return {
    result: { rates, means },
    text: `${table(['', 'one core'], rows)}\n\n${table(['M', 'mean walk, ms a step', 'walk of y, ms a step'], meanRows)}`,
  };
}
