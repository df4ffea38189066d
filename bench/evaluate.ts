import {
  type EmbeddedFeatureName,
  embeddedFeatures,
  type FeatureStatistics,
  featureStatistics,
  frechetDistance,
  kernelDistance,
  precisionRecall,
  statisticsAccumulator,
} from '../src/evaluate/index.ts';
import { readFeatureWeights } from '../src/evaluate/model/feature-weights.ts';
import { fillNormal, randomKey } from '../src/random.ts';
import { table } from './measure.ts';

const [EXAMPLES, DIMENSION, BATCH] = [50_000, 2048, 2000];

/** Features with a spectrum as that of images: variances that fall by orders of magnitude. */
function features(seed: number, count: number, dimension: number): Float32Array {
  const rows = new Float32Array(count * dimension);
  fillNormal(randomKey(seed), 0, rows);
  for (let at = 0; at < rows.length; at++) {
    rows[at] = 0.5 + rows[at]! * Math.exp((-4 * (at % dimension)) / dimension);
  }
  return rows;
}

async function accumulate(batch: Float32Array, threads: number): Promise<FeatureStatistics> {
  const accumulator = await statisticsAccumulator(DIMENSION, { threads });
  for (let done = 0; done < EXAMPLES; done += BATCH) await accumulator.add(batch);
  const result = await accumulator.result();
  await accumulator.release();
  return result;
}

/**
 * Each measure once, in seconds, on `threads` threads: they are long enough to time by one call. On
 * a machine that does other things too, processor time says what it would take alone.
 */
export async function benchEvaluate(threads = 2) {
  const seconds: Record<string, { readonly wall: number; readonly cpu: number }> = {};
  const time = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const [start, used] = [performance.now(), process.cpuUsage()];
    const result = await run();
    const { user, system } = process.cpuUsage(used);
    seconds[name] = { wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 };
    return result;
  };
  const batch = features(1, BATCH, DIMENSION);
  const a = await time('statistics of 50,000 × 2,048', () => accumulate(batch, threads));
  const b = await featureStatistics(features(2, 2 * DIMENSION, DIMENSION), DIMENSION, { threads });
  await time('Fréchet distance at 2,048', () => frechetDistance(a, b, { threads }));
  const [x, y] = [features(3, 5000, DIMENSION), features(4, 5000, DIMENSION)];
  const kid = { subsets: 10, threads };
  await time('kernel distance at 2,048, 10 subsets of 1,000', () =>
    kernelDistance(x, y, DIMENSION, kid),
  );
  const [samples, reference] = [features(5, 10_000, 128), features(6, 10_000, 128)];
  await time('precision and recall of 10,000 × 10,000 × 128', () =>
    precisionRecall(samples, reference, 128, { threads }),
  );
  for (const name of ['mnist', 'cifar10'] as const) {
    const run = await openFeatures(name, threads);
    await time(`${name} features of ${IMAGES.toLocaleString('en')} images`, run);
  }
  const rows = Object.entries(seconds).map(([name, { wall, cpu }]) => [
    name,
    wall.toFixed(1),
    cpu.toFixed(1),
  ]);
  const header = ['', `seconds, ${threads} threads`, 'of processor time'];
  return { result: { threads, seconds }, text: table(header, rows) };
}

/** Images that feature networks are timed on. */
const IMAGES = 10_000;

/** A feature network, warm, to be run on images of noise. */
async function openFeatures(name: EmbeddedFeatureName, threads: number) {
  const network = await embeddedFeatures(name, await readFeatureWeights(name), { threads });
  const size = network.shape.reduce((product, n) => product * n, 1);
  const images = new Float32Array(IMAGES * size);
  fillNormal(randomKey(7), 0, images);
  await network.run(images.subarray(0, 500 * size));
  return async () => {
    await network.run(images);
    await network.release();
  };
}
