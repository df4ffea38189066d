/** Samples a model that comes with the package, and writes what it made as a picture. */
import { writeFile } from 'node:fs/promises';
import { collect, openModel, walkJump } from 'mdensity';
import { drawOf, encodePng, gridPicture } from 'mdensity/sample';

const path = process.argv[2] ?? 'digits.png';

// Also `fashion` and `cifar10`; or a path, a URL, the bytes of an ONNX file.
const model = await openModel('mnist');
const draws = await collect(
  walkJump(model, { measurements: 4, chains: 16, steps: 60, jumpEvery: 60, seed: 1 }),
);
const [, count] = draws.shape;
const last = drawOf(draws.data, draws.shape, count - 1);
await writeFile(path, await encodePng(gridPicture(last, model.shape)));
await model.release();
console.log(`${path}: ${draws.shape[0]} images of ${model.shape.join(' × ')}`);
