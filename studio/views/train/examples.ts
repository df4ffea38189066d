/**
 * Examples to learn from: draws of a density of the plane, or the digits that come with the
 * package.
 */
import { unzipSync } from 'fflate';
import digits8Url from '../../../assets/data/digits8/uci-digits-test.npz?url';
import mnistUrl from '../../../assets/data/mnist/t10k-images-idx3-ubyte.gz?url';
import { decodeIdxBytes } from '../../../src/data/idx-decode.ts';
import { decodeNpy } from '../../../src/data/npy-decode.ts';
import { UserError } from '../../../src/errors.ts';
import { randomKey } from '../../../src/random.ts';
import { fetchBytes, type LoadListener } from '../../engine/box.ts';
import type { TrainingData } from '../../engine/protocol.ts';
import { planeTarget } from '../../target/density.ts';
import { type DataName, shapeOf } from './networks.ts';
import type { Settings } from './settings.ts';

/**
 * Draws of a density that is known: many enough that a network of this size learns the density and
 * not them.
 */
export const DRAWS = 10_000;

/** The stream of a seed that the draws come from, out of the way of the training's own. */
const STREAM = 0x5ee;

/**
 * The examples of settings.
 * @throws UserError for a drawing without a point, and where the digits do not come.
 */
export async function examplesOf(
  settings: Pick<Settings, 'data' | 'target' | 'points' | 'centres' | 'seed'>,
  onProgress?: LoadListener,
): Promise<TrainingData> {
  const { data } = settings;
  if (data === 'plane') return planeExamples(settings);
  return { name: data, shape: shapeOf(data), values: await digits(data, onProgress) };
}

/**
 * Draws of the density of the plane, or the points themselves; fewer draws are the first of them.
 * @throws UserError where there is none.
 */
export function planeExamples(
  settings: Pick<Settings, 'target' | 'points' | 'centres' | 'seed'>,
  draws = DRAWS,
): TrainingData {
  const { target, points, seed } = settings;
  const density = planeTarget(settings)?.density;
  if (!density) {
    throw new UserError(
      target === 'points'
        ? 'there is nothing to learn from: draw at least one point'
        : 'there is nothing to learn from: add at least one centre',
    );
  }
  const values =
    target === 'points'
      ? Float32Array.from(points.flat())
      : Float32Array.from(density.sample(randomKey(seed, STREAM), draws));
  return { name: target, shape: [2], values };
}

const loaded = new Map<DataName, Promise<Uint8Array>>();

/**
 * Pixels `[count, 1, height, width]`, 0..255, fetched once.
 *
 * @throws UserError where they do not come.
 */
export function digits(
  data: Exclude<DataName, 'plane'>,
  onProgress?: LoadListener,
): Promise<Uint8Array> {
  const known = loaded.get(data);
  if (known) return known;
  const [url, read] = data === 'mnist' ? [mnistUrl, readMnist] : [digits8Url, readDigits8];
  const coming = fetchBytes(url, data, onProgress ? { onProgress } : {}).then(read);
  loaded.set(data, coming);
  // A later try may have more luck.
  coming.catch(() => loaded.delete(data));
  return coming;
}

/** Images of the gzipped IDX file; a host may have unpacked it on the way. */
export async function readMnist(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return decodeIdxBytes(packed ? await gunzip(bytes) : bytes, 'mnist', { dimensions: 3 }).data;
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Images of the NPZ file: its pixels count ink from 0 to 16. */
export function readDigits8(bytes: Uint8Array): Uint8Array {
  const { data } = decodeNpy(unzipSync(bytes)['images.npy']!, 'digits8');
  return Uint8Array.from(data as Uint8Array, (ink) => Math.round((ink * 255) / 16));
}
