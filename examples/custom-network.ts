/** Trains a network of one's own, a function; exports it, and opens the file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect, gaussian, loadDataset, type Network, openModel, train, walkJump } from 'mdensity';
import { add, reshape, silu, sizeOf } from 'mdensity/graph';
import { linear } from 'mdensity/nn';

/** Two residual blocks of 64 units about the pixels; whatever it does, it keeps the shape of `x`. */
const residual: Network = (scope, x) => {
  const batch = x.shape[0]!;
  const size = sizeOf(x.shape) / batch;
  let h = linear(scope.at('in'), reshape(x, [batch, size]), 64);
  for (const block of ['first', 'second']) {
    const place = scope.at(block);
    h = add(h, linear(place.at('out'), silu(linear(place.at('in'), h, 64)), 64, { zero: true }));
  }
  return reshape(linear(scope.at('out'), h, size), x.shape);
};

const digits = await loadDataset('digits8');
const { model, bytes, loss } = await train(digits, {
  network: residual,
  noise: gaussian({ sigma: 0.5 }),
  steps: 300,
});

// The file is plain ONNX with the network inside: whoever opens it needs no function.
const folder = await mkdtemp(join(tmpdir(), 'mdensity-example-'));
const path = join(folder, 'residual.onnx');
await writeFile(path, bytes);
const opened = await openModel(path);

const options = { chains: 4, steps: 40, jumpEvery: 20 };
const [ours, theirs] = [
  await collect(walkJump(model, options)),
  await collect(walkJump(opened, options)),
];
const same = ours.data.every((value, i) => value === theirs.data[i]);
console.log(`loss ${loss.toFixed(2)}; ${bytes.length} bytes of ONNX`);
console.log(`the opened file walks ${same ? 'to the same bits' : 'another way'}`);

await Promise.all([model.release(), opened.release(), rm(folder, { recursive: true })]);
