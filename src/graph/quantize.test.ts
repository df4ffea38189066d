import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { quantizeOnnx } from './calibrate.ts';
import { createEmitter } from './emitter.ts';
import { exportOnnx } from './export.ts';
import { lowerGraph } from './lower.ts';
import { encodeModel } from './onnx.ts';
import { openOnnx } from './onnx-file.ts';
import { add, conv2d, matMul, mul, sigmoid } from './ops/index.ts';
import { constantPart, quantizableLayers } from './quantize.ts';
import { quantizeWeights } from './quantize-nodes.ts';
import { constant, input, type Tensor } from './tensor.ts';

const normal = (seed: number, size: number): Float32Array => {
  const values = new Float32Array(size);
  fillNormal(randomKey(seed), 0, values);
  return values;
};

const channels = 8;
const kernel = () => normal(1, channels * channels * 9).map((value) => value / 9);

/** Two convolutions with SiLU between; the second's bias is what `shift` says. */
function convolutions(): Uint8Array {
  return exportOnnx({
    build: (x) => {
      const shape = [channels, channels, 3, 3];
      const padding = 1;
      const hidden = conv2d(x, constant(kernel(), shape, 'first.weight'), { padding });
      const active = mul(hidden, sigmoid(hidden));
      return conv2d(active, constant(kernel(), shape, 'second.weight'), { padding });
    },
    shape: [channels, 6, 6],
    inputName: 'x',
    outputName: 'y',
    metadata: { mdensity: '{}' },
  });
}

test('weights are rounded to half a step of their channel at most', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.float({ noNaN: true, min: -1000, max: 1000 }), { minLength: 20, maxLength: 20 }),
      (channelCount, values) => {
        const width = Math.floor(values.length / channelCount);
        const data = Float32Array.from(values.slice(0, channelCount * width));
        const { values: counts, scales } = quantizeWeights(
          { shape: [channelCount, width], data },
          0,
        );
        data.forEach((value, i) => {
          const scale = scales[Math.floor(i / width)]!;
          expect(Math.abs(counts[i]! * scale - value)).toBeLessThanOrEqual(scale * 0.5001);
          expect(Math.abs(counts[i]!)).toBeLessThanOrEqual(127);
        });
      },
    ),
    { seed: 1 },
  );
});

test('a file in 8 bits changes its output by what it says, and the layers are integers', async () => {
  const bytes = convolutions();
  const x = normal(2, 4 * channels * 36);
  const options = { calls: [{ x }], source: 'two', threads: 1, tolerance: 0.1 };
  const made = await quantizeOnnx(bytes, options);
  expect(made).toMatchObject({ layers: 2, kept: [] });
  expect(made.change).toBeGreaterThan(1e-4);
  expect(made.change).toBeLessThan(0.1);
  expect(made.bytes.length).toBeLessThan(0.7 * bytes.length);
  const [exact, rough] = [new Float32Array(x.length), new Float32Array(x.length)];
  for (const [file, out] of [
    [bytes, exact],
    [made.bytes, rough],
  ] as const) {
    const opened = await openOnnx(file, 'two', { device: 'cpu', threads: 1 });
    await opened.run(x, out);
    await opened.release();
  }
  const norm = (values: Float32Array) => Math.hypot(...values);
  const change = norm(rough.map((value, i) => value - exact[i]!));
  expect(change / norm(exact.map((value, i) => value - x[i]!))).toBeCloseTo(made.change, 6);
});

test('what 8 bits add on average is taken from the bias', async () => {
  // Inputs far from 0: what rounding changes in a weight is added at each.
  const x = normal(5, 64 * channels * 36).map((value) => 3 + 0.3 * value);
  const bytes = exportOnnx({
    build: (from) =>
      conv2d(from, constant(kernel(), [channels, channels, 3, 3], 'w'), {
        bias: constant(new Float32Array(channels), [channels], 'b'),
        padding: 1,
      }),
    shape: [channels, 6, 6],
    inputName: 'x',
    outputName: 'y',
    metadata: {},
  });
  const { bytes: made } = await quantizeOnnx(bytes, { calls: [{ x }], source: 'mean', threads: 1 });
  const outputs: Float32Array[] = [];
  for (const file of [bytes, made]) {
    const opened = await openOnnx(file, 'mean', { device: 'cpu', threads: 1 });
    const out = new Float32Array(x.length);
    await opened.run(x, out);
    await opened.release();
    outputs.push(out);
  }
  const change = x.map((_, i) => outputs[1]![i]! - outputs[0]![i]!);
  const deviation = Math.hypot(...change) / Math.sqrt(change.length);
  for (let channel = 0; channel < channels; channel++) {
    const own = change.filter((_, i) => Math.floor(i / 36) % channels === channel);
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    // 2,304 roundings have a mean of 2 % of their deviation.
    expect(Math.abs(mean)).toBeLessThan(0.1 * deviation);
  }
});

test('weights and biases that nodes make of constants are known', async () => {
  const bytes = exportOnnx({
    build: (from) => {
      const scaled = mul(constant(kernel(), [channels, channels, 3, 3], 'w'), constant(0.5));
      const bias = add(constant(normal(1, channels), [channels], 'b'), constant(1));
      return conv2d(from, scaled, { bias, padding: 1 });
    },
    shape: [channels, 6, 6],
    inputName: 'x',
    outputName: 'y',
    metadata: {},
  });
  const { names } = constantPart(bytes);
  expect(names).toHaveLength(2);
  const calls = [{ x: normal(2, 4 * channels * 36) }];
  const made = await quantizeOnnx(bytes, { calls, source: 'made', threads: 1 });
  expect(made.layers).toBe(1);
  expect(made.change).toBeLessThan(0.02);
});

/**
 * Two layers, and a third as `end` says: one channel of what the second takes is a thousand times
 * the others, which leaves 8 bits too few steps for these.
 */
function spoiled(end: (narrow: Tensor, x: Tensor, last: Tensor) => Tensor) {
  const size = 32;
  const spread = Float32Array.from({ length: size }, (_, i) => (i === 0 ? 1e3 : 1));
  const weights = (seed: number) => normal(seed, size * size).map((value) => value / 6);
  const back = weights(2).map((value, i) => value / spread[Math.floor(i / size)]!);
  const bytes = exportOnnx({
    build: (x) => {
      const square = [size, size];
      const first = matMul(x, constant(weights(1), square, 'a'));
      const wide = mul(first, constant(spread, [size], 'spread'));
      const narrow = matMul(mul(wide, sigmoid(wide)), constant(back, square, 'b'));
      return end(narrow, x, constant(weights(3), square, 'c'));
    },
    shape: [size],
    inputName: 'x',
    outputName: 'y',
    metadata: { mdensity: '{}' },
  });
  const calls = [{ x: normal(4, 64 * size) }];
  return { bytes, calls };
}

test('a layer is judged by what it changes in the output, not in itself', async () => {
  // Hardly anything of the second layer reaches the output.
  const { bytes, calls } = spoiled((narrow, x, last) =>
    add(mul(narrow, constant(1e-3)), matMul(x, last)),
  );
  const layers = quantizableLayers(bytes, 'spread');
  const all = await quantizeOnnx(bytes, { calls, source: 'all', threads: 1, tolerance: 10 });
  const tolerance = 0.99 * all.change;
  const made = await quantizeOnnx(bytes, { calls, source: 'spread', threads: 1, tolerance });
  expect(made.kept[0]).toBe(layers[2]!.name);
});

test('a layer that 8 bits would spoil stays in single precision', async () => {
  const { bytes, calls } = spoiled((narrow, _, last) => add(narrow, matMul(narrow, last)));
  const layers = quantizableLayers(bytes, 'spread');
  const strict = { calls, source: 'spread', threads: 1, tolerance: 0.05 };
  const made = await quantizeOnnx(bytes, strict);
  expect(made.kept[0]).toBe(layers[1]!.name);
  expect(made.layers + made.kept.length).toBe(3);
  expect(made.change).toBeLessThanOrEqual(0.05);
  const loose = await quantizeOnnx(bytes, { calls, source: 'spread', threads: 1, tolerance: 10 });
  expect(loose).toMatchObject({ layers: 3, kept: [] });
  expect(loose.change).toBeGreaterThan(0.05);
});

test('a file without weights, and a tolerance nothing meets, are one line', async () => {
  const plain = exportOnnx({
    build: (x) => sigmoid(x),
    shape: [3],
    inputName: 'x',
    outputName: 'y',
    metadata: {},
  });
  const calls = [{ x: normal(1, 6) }];
  await expect(quantizeOnnx(plain, { calls, source: 'plain' })).rejects.toMatchObject({
    code: 'unsupported',
    message: 'plain: has no layer that 8 bits would make faster',
  });
  const impossible = { calls: [{ x: normal(2, channels * 36) }], source: 'two', tolerance: 0 };
  await expect(quantizeOnnx(convolutions(), impossible)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(
      /^two: 8 bits change its output by [\d.e-]+ % even in one layer/,
    ),
  });
});

test('a bias that 31 bits of its channel’s steps do not hold takes larger steps', async () => {
  // The second channel has no weights, so nothing but its bias says how large its steps are.
  const width = channels * 9;
  const weights = kernel().map((value, i) => (Math.floor(i / width) === 1 ? 0 : value));
  const shifts = Float32Array.from({ length: channels }, (_, i) => (i === 1 ? 7 : 0.5));
  const bytes = exportOnnx({
    build: (x) =>
      conv2d(x, constant(weights, [channels, channels, 3, 3], 'w'), {
        bias: constant(shifts, [channels], 'b'),
        padding: 1,
      }),
    shape: [channels, 6, 6],
    inputName: 'x',
    outputName: 'y',
    metadata: {},
  });
  const x = normal(1, channels * 36);
  const made = await quantizeOnnx(bytes, { calls: [{ x }], source: 'bias', threads: 1 });
  expect(made.layers).toBe(1);
  const opened = await openOnnx(made.bytes, 'bias', { device: 'cpu', threads: 1 });
  const y = new Float32Array(x.length);
  await opened.run(x, y);
  await opened.release();
  for (const value of y.subarray(36, 72)) expect(Math.abs(value - 7)).toBeLessThan(0.05);
});

test('the change is that of the call that suffers most, whatever the others weigh', async () => {
  const bytes = convolutions();
  const quiet = { x: normal(2, 4 * channels * 36).map((value) => value / 50) };
  const loud = { x: normal(3, 64 * channels * 36).map((value) => value * 20) };
  const options = { source: 'two', threads: 1, tolerance: 10 };
  const both = await quantizeOnnx(bytes, { ...options, calls: [quiet, loud] });
  const alone = await quantizeOnnx(bytes, { ...options, calls: [loud] });
  // Steps of the loud call's activations are coarse for the quiet one.
  expect(both.change).toBeGreaterThan(5 * alone.change);
});

test('a file of one batch size is refused in one line', async () => {
  const x = input('x', [4, 3]);
  const y = matMul(x, constant(normal(1, 9), [3, 3], 'w'));
  const bytes = encodeModel(lowerGraph({ x }, { y }, createEmitter('portable', 0)));
  const calls = [{ x: normal(1, 12) }];
  await expect(quantizeOnnx(bytes, { calls, source: 'four' })).rejects.toMatchObject({
    code: 'unsupported',
    facts: { batch: 4 },
  });
});
