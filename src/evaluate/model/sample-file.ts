import { type Dataset, readAllScaled } from '../../data/index.ts';
import { loadDataset, readNpy } from '../../data/node/index.ts';
import { UserError } from '../../errors.ts';
import { type Shape, sizeOf } from '../../graph/index.ts';
import { mapInto } from '../../map-into.ts';
import type { Work } from '../../progress.ts';
import { featuresInBlocks } from '../features-in-blocks.ts';
import type { Measured } from '../measure.ts';
import { lastOf } from '../rows.ts';
import { asBytes } from '../sampled-features.ts';
import type { OpenedFeatures } from './features.ts';

/**
 * Reads samples of a file or a folder, with their features: an NPY `[n, ...shape]`, or
 * `[chains, draws, ...shape]` as `mdensity sample` writes them, channels first or last; or anything
 * else that data are read from. Bytes, or floats in [0, 1].
 * @throws UserError for images of another shape or range than the data's.
 */
export async function readSamples(
  path: string,
  { shape, name }: Pick<Dataset, 'shape' | 'name'>,
  network: OpenedFeatures,
  work: Work,
): Promise<Measured> {
  const { images, chains, draws } = /\.npy$/i.test(path)
    ? await imagesOfArray(path, shape, name)
    : await imagesOfSet(path, shape, { name, work });
  checkSampleRange(images, sizeOf(shape), path);
  const shown = asBytes(images);
  if (chains * draws === 0) {
    throw new UserError(`${path}: holds no images; give some`, { facts: { path, count: 0 } });
  }
  const size = sizeOf(shape);
  const read = (first: number, rows: number) => shown.subarray(first * size, (first + rows) * size);
  const source = { network, count: chains * draws, read };
  const { features, logits } = await featuresInBlocks(source, 'features', work);
  return {
    features: { data: features, shape: [chains, draws, network.dimension] },
    logits: { data: logits, shape: [chains, draws, network.classes.length] },
    last: lastOf(shown, chains, draws),
  };
}

interface SampleImages {
  /** `[chains, draws, ...shape]`. */
  readonly images: Float32Array;
  readonly chains: number;
  readonly draws: number;
}

const otherShape = (path: string, found: readonly number[], shape: Shape, name: string) =>
  new UserError(
    `${path}: has shape [${found.join(', ')}], images of ${name} are [${shape.join(', ')}]; give [n, ${shape.join(', ')}] or [chains, draws, ${shape.join(', ')}]`,
    { code: 'shape', facts: { path, shape: found, expected: shape } },
  );

async function imagesOfArray(path: string, shape: Shape, name: string): Promise<SampleImages> {
  const { data, shape: found } = await readNpy(path);
  const [channels, height, width] = shape;
  const layouts = [
    { tail: [...shape], isLast: false },
    { tail: [height, width, channels], isLast: shape.length === 3 },
    ...(channels === 1 && shape.length === 3 ? [{ tail: [height, width], isLast: false }] : []),
  ];
  const layout = layouts.find(({ tail }) => {
    const axes = found.length - tail.length;
    return (axes === 1 || axes === 2) && found.slice(axes).join() === tail.join();
  });
  if (layout === undefined) throw otherShape(path, found, shape, name);
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  if (!isFloat && !(data instanceof Uint8Array)) {
    throw new UserError(`${path}: holds no bytes and no floats; save it as one of them`, {
      code: 'unsupported',
      facts: { path },
    });
  }
  const values = isFloat
    ? Float32Array.from(data)
    : mapInto(new Float32Array(data.length), data, (byte) => byte / 255);
  const images = layout.isLast && channels! > 1 ? channelsFirst(values, shape) : values;
  const [chains = 0, draws = 1] = found.slice(0, found.length - layout.tail.length);
  return { images, chains, draws };
}

/** From [..., h, w, c] to [..., c, h, w]. */
function channelsFirst(values: Float32Array, [channels, height, width]: Shape): Float32Array {
  const area = height! * width!;
  const size = area * channels!;
  const images = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += size) {
    for (let i = 0; i < size; i++) {
      images[start + (i % channels!) * area + Math.floor(i / channels!)] = values[start + i]!;
    }
  }
  return images;
}

async function imagesOfSet(
  path: string,
  shape: Shape,
  { name, work }: { readonly name: string; readonly work: Work },
): Promise<SampleImages> {
  const samples = await loadDataset(path, work);
  if (samples.shape.join() !== shape.join()) {
    throw otherShape(path, [samples.count, ...samples.shape], shape, name);
  }
  return { images: readAllScaled(samples), chains: samples.count, draws: 1 };
}

/** Share of values that may lie further outside [0, 1] than `OUTSIDE`: jumps do, a little. */
const [OUTSIDE, SHARE] = [0.5, 0.01] as const;

/** @throws UserError for images of another range, or numbers that are not finite. */
function checkSampleRange(images: Float32Array, size: number, path: string): void {
  let [outside, first] = [0, -1];
  for (let at = 0; at < images.length; at++) {
    const value = images[at]!;
    if (value >= -OUTSIDE && value <= 1 + OUTSIDE) continue;
    if (first < 0 || !Number.isFinite(value)) first = at;
    outside++;
    if (!Number.isFinite(value)) break;
  }
  if (first < 0 || (outside < SHARE * images.length && Number.isFinite(images[first]!))) return;
  throw new UserError(
    `${path}: image ${Math.floor(first / size)} has the value ${images[first]}; features are of images in [0, 1], scale them`,
    { facts: { path, image: Math.floor(first / size), value: images[first], least: 0, most: 1 } },
  );
}
