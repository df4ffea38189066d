import { expect, test } from 'vitest';
import { GraphError } from '../graph/index.ts';
import { computed, expectClose, fed, valuesOf } from '../graph/testing.ts';
import { sinusoids, timeEmbedding } from './embedding.ts';
import { buildWith } from './testing.ts';

const times = [0, 1, 2.5, 300];

/** cos and sin of t·10,000^(−i/half) (Vaswani et al. 2017, section 3.5). */
const formula = (time: number, width: number) => {
  const angles = Array.from({ length: width / 2 }, (_, i) => time * 10_000 ** ((-2 * i) / width));
  return [...angles.map(Math.cos), ...angles.map(Math.sin)];
};

test.each([2, 8, 32])('sinusoids of width %i', async (width) => {
  const y = sinusoids(fed([times.length], times), width);
  expect(y.shape).toEqual([times.length, width]);
  expectClose(
    await computed(y),
    times.flatMap((time) => formula(time, width)),
    5e-5,
  );
});

test('sinusoids of given frequencies, sines first', async () => {
  const frequencies = [0.5, -20, 3];
  const y = sinusoids(fed([times.length], times), 8, { first: 'sin', frequencies });
  const expected = times.flatMap((time) => [
    ...frequencies.map((each) => Math.sin(each * time)),
    ...frequencies.map((each) => Math.cos(each * time)),
  ]);
  expect(y.shape).toEqual([times.length, 6]);
  expectClose(await computed(y), expected, 5e-4);
});

test('an odd width', () => {
  expect(() => sinusoids(fed([1], [0]), 3)).toThrow(GraphError);
  expect(() => sinusoids(fed([1], [0]), 3)).toThrow('sinusoids: the width must be even, not 3');
});

test('timeEmbedding is two linear layers on the sinusoids', async () => {
  const [width, wide] = [4, 16];
  const t = fed([times.length], times);
  const { y, parameters } = buildWith((scope, h) => timeEmbedding(scope, h, width), t, 'random');
  const layer = (x: readonly number[], name: string) => {
    const [w, b] = [`${name}.weight`, `${name}.bias`].map((key) => valuesOf(parameters[key]!));
    return Array.from(b!, (bias, o) =>
      x.reduce((sum, value, i) => sum + value * w![o * x.length + i]!, bias),
    );
  };
  const expected = times.flatMap((time) => {
    const hidden = layer(formula(time, width), '0').map((v) => v / (1 + Math.exp(-v)));
    return layer(hidden, '2');
  });
  expect(y.shape).toEqual([times.length, wide]);
  expectClose(await computed(y), expected, 5e-5);
});
