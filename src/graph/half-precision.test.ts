import { readFile } from 'node:fs/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { expect, test } from 'vitest';
import { packagePath } from '../package-folder.ts';
import { fillNormal, randomKey } from '../random.ts';
import { exportOnnx } from './export.ts';
import { inHalfPrecision } from './half-precision.ts';
import { openOnnx } from './onnx-file.ts';
import { add, conv2d, mul, reshape, sigmoid } from './ops/index.ts';
import { constant, type Tensor } from './tensor.ts';
import { onnxType } from './types.ts';

const normal = (seed: number, size: number): Float32Array => {
  const values = new Float32Array(size);
  fillNormal(randomKey(seed), 0, values);
  return values;
};

const channels = 4;
const image = [channels, 6, 6];

const written = (build: (x: Tensor) => Tensor) =>
  exportOnnx({ build, shape: image, inputName: 'x', outputName: 'y', metadata: {} });

const layer = (x: Tensor, seed: number) =>
  conv2d(
    x,
    constant(
      normal(seed, channels * channels * 9).map((value) => value / 9),
      [channels, channels, 3, 3],
      `w${seed}`,
    ),
    { padding: 1 },
  );

/** Two convolutions with SiLU between, and the input added to a part of what they make. */
const skipped = (x: Tensor) => {
  const hidden = layer(x, 1);
  return add(mul(layer(mul(hidden, sigmoid(hidden)), 2), constant(1e-3)), x);
};

/** Nodes that take halves, by what they do; casts apart. */
function halfNodes(bytes: Uint8Array): string[] {
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  const toHalf = (to: number) => (name: string) =>
    graph!.node.some(
      ({ opType, output, attribute }) =>
        opType === 'Cast' && output[0] === name && Number(attribute[0]!.i) === to,
    );
  const halves = new Set<string>();
  const found: string[] = [];
  for (const { opType, input, output } of graph!.node) {
    if (opType === 'Cast') {
      if (toHalf(onnxType.float16)(output[0]!)) halves.add(output[0]!);
    } else if (input.some((name) => halves.has(name))) {
      found.push(opType);
      for (const name of output) halves.add(name);
    }
  }
  return found;
}

async function run(bytes: Uint8Array, x: Float32Array, told = {}): Promise<Float32Array> {
  const file = await openOnnx(bytes, 'test', { device: 'cpu', threads: 1 });
  const out = new Float32Array(x.length);
  await file.run(x, out, {}, told);
  await file.release();
  return out;
}

const rootMeanSquare = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

test('layers and what lies between them are in half precision, the skip is not', async () => {
  const single = written(skipped);
  const half = inHalfPrecision(single, 'test');
  expect(halfNodes(half)).toEqual(['Conv', 'Sigmoid', 'Mul', 'Conv']);
  const x = normal(3, 5 * channels * 36);
  const [exact, near] = [await run(single, x), await run(half, x)];
  const added = exact.map((value, i) => value - x[i]!);
  const change = rootMeanSquare(exact.map((value, i) => value - near[i]!)) / rootMeanSquare(added);
  // Eleven bits round to 2⁻¹² on average; a skip in half precision would change 1 by as much as that, 0.3 of what is added.
  expect(change).toBeGreaterThan(1e-5);
  expect(change).toBeLessThan(2e-3);
});

test.each(['mnist', 'mnist-family', 'cifar10-family'])('%s keeps its estimates', async (name) => {
  const single = await readFile(packagePath(`models/${name}/model.onnx`));
  const half = inHalfPrecision(single, name);
  expect(halfNodes(half)).toContain('LayerNormalization');
  const size = name === 'cifar10-family' ? 3072 : 784;
  const told =
    name === 'mnist' ? {} : { sigma: Float32Array.of(0.3, 1.4), class: Float32Array.of(1, 7) };
  const x = normal(4, 2 * size);
  const [exact, near] = [await run(single, x, told), await run(half, x, told)];
  const change =
    rootMeanSquare(exact.map((value, i) => value - near[i]!)) /
    rootMeanSquare(exact.map((value, i) => value - x[i]!));
  expect(change).toBeGreaterThan(0);
  expect(change).toBeLessThan(2e-3);
});

test('weights that no half can hold show in what is estimated', async () => {
  const large = constant(
    Float32Array.from({ length: 144 }, () => 1e5),
    [4, 4, 3, 3],
    'w',
  );
  const half = inHalfPrecision(
    written((x) => layer(conv2d(x, large, { padding: 1 }), 1)),
    'test',
  );
  expect((await run(half, normal(1, 144))).every(Number.isFinite)).toBe(false);
});

test('a file without layers is refused', () => {
  const none = written((x) => reshape(mul(x, constant(0.5)), [-1, ...image]));
  expect(() => inHalfPrecision(none, 'no.onnx')).toThrow(
    'no.onnx: has no layer to compute in half precision; use single precision',
  );
});
