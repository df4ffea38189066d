/** How far two sets of images are apart, and how sure that is: digits noised, and denoised. */
import { loadDataset, openModel } from 'mdensity';
import { pick, readAllScaled } from 'mdensity/data';
import { featureStatistics, frechetDistance, kernelDistance } from 'mdensity/evaluate';
import { openFeatures } from 'mdensity/measure';
import { chainNoise, stream } from 'mdensity/sample';

const digits = await loadDataset('mnist', { limit: 900 });
const places = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const written = readAllScaled(pick(digits, places(600, 900)));

const model = await openModel('mnist');
const noisy = new Float32Array(written.length);
chainNoise(0, 300).normal(stream.smoothing, 0, noisy);
written.forEach((value, i) => {
  noisy[i] = value + (model.sigma ?? 0) * noisy[i]!;
});
const denoised = new Float32Array(written.length);
await model.denoise(noisy, denoised);
await model.release();

// Distances are made in features: of a small network trained on MNIST, so this is no FID.
const network = await openFeatures('mnist', digits.shape);
const width = network.dimension;
const featuresOf = async (images: Float32Array) => (await network.run(images)).features;
const reference = await featuresOf(readAllScaled(pick(digits, places(0, 600))));

/** As many examples again, drawn with repetition: what another sample might have looked like. */
function resampled(features: Float32Array): Float32Array {
  const count = features.length / width;
  const drawn = new Float32Array(features.length);
  for (let i = 0; i < count; i++) {
    const from = width * Math.floor(count * Math.random());
    drawn.set(features.subarray(from, from + width), width * i);
  }
  return drawn;
}

async function compare(name: string, features: Float32Array): Promise<void> {
  const frechet = async (a: Float32Array, b: Float32Array) =>
    frechetDistance(await featureStatistics(a, width), await featureStatistics(b, width));
  const repeated: number[] = [];
  for (let i = 0; i < 10; i++) repeated.push(await frechet(resampled(features), reference));
  const mean = repeated.reduce((sum, value) => sum + value / 10, 0);
  const error = Math.sqrt(repeated.reduce((sum, value) => sum + (value - mean) ** 2 / 9, 0));
  const distance = await frechet(features, reference);
  const kernel = await kernelDistance(features, reference, width);
  console.log(`${name}: Fréchet ${distance.toFixed(1)} ± ${error.toFixed(1)}`);
  console.log(`${name}: kernel ${kernel.mean.toFixed(3)} ± ${kernel.standardError.toFixed(3)}`);
}

await compare('noised', await featuresOf(noisy));
await compare('denoised', await featuresOf(denoised));
// As near as so few images come: they are of the same law as the reference.
await compare('written', await featuresOf(written));
await network.release();
