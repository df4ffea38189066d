/** The embedded sets, read here by hand: `evaluate` stands before `data`. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { type Dataset, inMemory } from '../../data/dataset.ts';
import { packagePath } from '../../package-folder.ts';

const classes = Array.from({ length: 10 }, (_, i) => `${i}`);

function images(name: string, shape: readonly number[], data: Uint8Array, labels: Uint8Array) {
  const count = labels.length;
  return { name, count, shape, ...inMemory(data, count), labels, classes, hash: name };
}

/** 10,000 digits, 28×28. IDX: a header of 16 bytes before images, of 8 before labels. */
export function mnist(): Dataset {
  const read = (name: string) =>
    new Uint8Array(gunzipSync(readFileSync(packagePath('assets', 'data', 'mnist', name))));
  const data = read('t10k-images-idx3-ubyte.gz').subarray(16);
  return images('mnist', [1, 28, 28], data, read('t10k-labels-idx1-ubyte.gz').subarray(8));
}

/** 1,797 digits, 8×8, values 0 to 16. NPY: the values are the end of the file. */
export function digits8(): Dataset {
  const path = packagePath('assets', 'data', 'digits8', 'uci-digits-test.npz');
  const files = unzipSync(readFileSync(path));
  const data = files['images.npy']!.slice(-1797 * 64).map((ink) => Math.round((ink * 255) / 16));
  return images('digits8', [1, 8, 8], data, files['labels.npy']!.slice(-1797));
}
