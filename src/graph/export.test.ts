import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { fromHalf, toHalf } from '../half.ts';
import { compile } from './compile.ts';
import { GraphError } from './error.ts';
import { exportOnnx } from './export.ts';
import { grad } from './gradient.ts';
import { openOnnx } from './onnx-file.ts';
import * as ops from './ops/index.ts';
import { readOnnx } from './read-onnx.ts';
import { constant, input, sizeOf, type Tensor } from './tensor.ts';
import { createDraw, expectClose } from './testing.ts';

const draw = createDraw(55);
const weight = (...shape: number[]) => constant(draw.uniform(sizeOf(shape), -0.3, 0.3), shape);
const first = weight(8, 4, 3, 3);
const last = weight(4, 8, 3, 3);
const bias = weight(8);
const scale = weight(8);
const mixing = weight(9, 9);

const shape = [4, 6, 6];

/** Convolution, normalisation, attention over positions, resampling, and odds and ends. */
function build(x: Tensor): Tensor {
  const batch = x.shape[0]!;
  const wide = ops.conv2d(x, first, { padding: 1, bias });
  const normal = ops.silu(ops.groupNorm(wide, scale, bias, { groups: 2 }));
  const small = ops.reshape(ops.avgPool(normal, 2), [batch, 8, 9]);
  const match = ops.softmax(ops.matMul(small, small, { transposeA: true }));
  const mixed = ops.matMul(ops.matMul(small, mixing), match, { transposeB: true });
  const large = ops.upsampleNearest(ops.reshape(mixed, [batch, 8, 3, 3]), 2);
  const back = ops.gelu(ops.conv2d(large, last, { padding: 1 }));
  const half = ops.slice(x, [0, 0, 0, 0], [batch, 2, 6, 6]);
  const cut = ops.slice(ops.pad(half, [0, 0, 1, 0], [0, 0, 0, 0]), [0, 0, 0, 0], half.shape);
  const swapped = ops.concat([ops.transpose(half), cut], 1);
  const level = ops.reduceMean(x, [1, 2, 3]);
  const chosen = ops.where(ops.greater(x, level), ops.softplus(x), swapped);
  return ops.add(back, chosen);
}

const options = { build, shape, inputName: 'x', outputName: 'denoised' };

describe('an exported graph', () => {
  const bytes = exportOnnx({ ...options, metadata: { sigma: '0.5', note: 'σ in ASCII' } });
  const model = fromBinary(ModelProtoSchema, bytes);
  const graph = model.graph!;

  test.each([1, 3, 7])('equals the compiled one at batch %i', async (batch) => {
    const file = await openOnnx(bytes, 'model.onnx', { device: 'cpu' });
    expect(file.shape).toEqual(shape);
    expect(file.metadata).toEqual({ sigma: '0.5', note: 'σ in ASCII' });
    const x = input('x', [batch, ...shape]);
    const program = await compile({ inputs: { x }, outputs: { y: build(x) }, device: 'cpu' });
    const values = draw.normal(batch * sizeOf(shape));
    const out = new Float32Array(values.length);
    await file.run(values, out);
    expectClose(out, (await program({ x: values })).y as Float32Array, 1e-5);
    await Promise.all([file.release(), program.release()]);
  });

  test('uses the standard operators alone', () => {
    expect([...new Set(graph.node.map(({ domain }) => domain))]).toEqual(['']);
    expect(model.opsetImport.map(({ domain }) => domain)).toEqual(['']);
  });

  test('holds every weight', () => {
    const held = graph.initializer.map(({ rawData }) => Buffer.from(rawData).toString('hex'));
    for (const tensor of [first, last, bias, scale, mixing]) {
      const { source } = tensor;
      const data = source.kind === 'constant' ? source.data : new Float32Array();
      expect(held).toContain(
        Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
      );
    }
  });

  test('names its batch axis', () => {
    for (const value of [graph.input[0]!, graph.output[0]!]) {
      const type = value.type?.value;
      const dims = type?.case === 'tensorType' ? type.value.shape?.dim : [];
      expect(dims?.map(({ value: size }) => size.value)).toEqual(['batch', 4n, 6n, 6n]);
    }
  });
});

test.each<[string, (x: Tensor) => Tensor]>([
  ['in a number', (x) => grad(ops.reduceMean(ops.mul(x, x)), [x])[0]!],
  ['in a padding', (x) => ops.slice(ops.concat([x, x]), [0, 0], [x.shape[0]!, 3])],
  [
    'in the attributes of a node',
    (x) => {
      const images = ops.reshape(ops.transpose(x), [1, 3, -1, 1]);
      const moment = ops.conv2dWeight(images, images, { kernel: [1, 1] });
      return ops.add(x, ops.reduceSum(ops.reshape(moment, [3, 3]), 0));
    },
  ],
])('a batch that enters %s is an error', (_, f) => {
  const call = () => exportOnnx({ ...options, build: f, shape: [3] });
  expect(call).toThrow(GraphError);
  expect(call).toThrow(/^export: [^\n]*$/);
});

test('a batch in shapes to expand to is read off the input, as are outputs of one number', async () => {
  const build = (x: Tensor) => {
    const [gradient] = grad(ops.reduceSum(ops.mul(ops.mul(x, x), x)), [x]);
    return ops.add(gradient, ops.expand(constant([1, 2, 3], [1, 3]), x.shape));
  };
  const scalars = (x: Tensor) => ({ total: ops.reshape(ops.reduceSum(x, 1), [x.shape[0]!]) });
  const bytes = exportOnnx({ ...options, build, scalars, shape: [3] });
  const file = await openOnnx(bytes, 'f', { device: 'cpu' });
  expect(file.scalars).toEqual(['total']);
  for (const rows of [1, 4]) {
    const x = Float32Array.from({ length: 3 * rows }, (_, i) => i / 4 - 1);
    const [out, total] = [new Float32Array(x.length), new Float32Array(rows)];
    await file.run(x, out, { total });
    // 3x² exactly, for quarters.
    expect([...out]).toEqual([...x].map((value, i) => 3 * value * value + 1 + (i % 3)));
    expect([...total]).toEqual(
      Array.from(total, (_, i) => x[3 * i]! + x[3 * i + 1]! + x[3 * i + 2]!),
    );
  }
  await file.release();
});

test.each<[string, (x: Tensor) => Tensor]>([
  ['reduced away', (x) => ops.reduceSum(x, 0)],
  ['moved', (x) => ops.transpose(x)],
])('a batch that is %s in the output is an error', (_, f) => {
  expect(() => exportOnnx({ ...options, build: f, shape: [3] })).toThrow(
    'export: the first axis of "denoised" must be the batch, as in "x"',
  );
});

describe('constants with a label', () => {
  const names = { shape: [3], inputName: 'in', outputName: 'out' };
  const values = draw.normal(300);
  const bytesOf = (half: boolean, data = values) => {
    const [w, b] = [constant(data, [100, 3], 'w'), constant([1, 2, 3], [3], 'b')];
    const build = (x: Tensor) => ops.add(ops.matMul(ops.matMul(x, w, { transposeB: true }), w), b);
    return exportOnnx({ build, ...names, half });
  };

  test('are read back under it', () => {
    const { input: from, output, constants } = readOnnx(bytesOf(false), 'f');
    expect([from, output]).toMatchObject([
      { name: 'in', shape: [3], batch: undefined },
      { name: 'out', shape: [3] },
    ]);
    expect(constants()).toEqual({
      w: { shape: [100, 3], data: values },
      b: { shape: [3], data: Float32Array.of(1, 2, 3) },
    });
  });

  test('in half precision: long ones are the nearest halves, and the result is what they give', async () => {
    const half = bytesOf(true);
    const rounded = fromHalf(toHalf(values));
    expect(readOnnx(half, 'f').constants()).toEqual({
      w: { shape: [100, 3], data: rounded },
      b: { shape: [3], data: Float32Array.of(1, 2, 3) },
    });
    const results = await Promise.all(
      [half, bytesOf(false, rounded)].map(async (bytes) => {
        const file = await openOnnx(bytes, 'f', { device: 'cpu' });
        const out = new Float32Array(6);
        await file.run(Float32Array.of(1, -2, 3, 0.5, 0, 1), out);
        await file.release();
        return out;
      }),
    );
    expectClose(results[0]!, results[1]!);
  });

  test('must have one of their own', () => {
    const export2 = (label: string) => () =>
      exportOnnx({
        build: (x) => ops.add(ops.mul(x, constant([1, 2, 3], [3], 'a')), constant([4], [1], label)),
        ...names,
      });
    expect(export2('b')).not.toThrow();
    for (const label of ['a', 'in', 'out']) {
      expect(export2(label)).toThrow(`compile: "${label}" labels a constant and something else`);
    }
  });

  test('hold what half precision can', () => {
    const large = values.with(7, 70_000);
    expect(() => bytesOf(true, large)).toThrow(
      'export: "w" holds 70000, which half precision cannot; export in single precision',
    );
  });
});
