/** Trains on a file that is read example by example, as needed: it need not fit in memory. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dataset, gaussian, loadDataset, presets, train } from 'mdensity';
import { type Examples, hashDataset, readAll } from 'mdensity/data';

/** A file of bytes, one 8×8 image after another. Close it when the training is over. */
async function openImages(path: string): Promise<Dataset & { readonly close: () => void }> {
  const shape = [1, 8, 8];
  const size = 64;
  const file = openSync(path, 'r');
  const examples: Examples = {
    count: fstatSync(file).size / size,
    shape,
    dtype: 'uint8',
    read(index, into, offset) {
      const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
      const read = readSync(file, bytes, offset, size, index * size);
      if (read !== size) throw new Error(`${path}: ends within image ${index}`);
    },
  };
  // By the hash a run knows its data again; it reads all of them once.
  const hash = await hashDataset(examples);
  return { ...examples, name: path, hash, close: () => closeSync(file) };
}

const folder = await mkdtemp(join(tmpdir(), 'mdensity-example-'));
const path = join(folder, 'images.bin');
await writeFile(path, readAll(await loadDataset('digits8')));

const images = await openImages(path);
const { model, loss } = await train(images, {
  network: presets.digits8,
  noise: gaussian({ sigma: 0.5 }),
  steps: 100,
});
console.log(`${images.count} images of ${images.shape.join(' × ')} on disk`);
console.log(`loss ${loss.toFixed(2)} after 100 steps`);

images.close();
await Promise.all([model.release(), rm(folder, { recursive: true })]);
