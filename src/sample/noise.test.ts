import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { chainNoise, stream } from './noise.ts';

test('row c is the stream of seed, chain and purpose at the counter', () => {
  const out = new Float32Array(6);
  chainNoise(5, 2, 40).normal(stream.step, 17, out);
  const row = new Float32Array(3);
  fillNormal(randomKey(5, 41, stream.step), 17, row);
  expect(out.subarray(3)).toEqual(row);
});

test('chains of a batch do not depend on the batch', () => {
  const whole = new Float32Array(10 * 3);
  chainNoise(9, 10).uniform(stream.start, 0, whole);
  const part = new Float32Array(4 * 3);
  chainNoise(9, 4, 5).uniform(stream.start, 0, part);
  expect(part).toEqual(whole.subarray(15, 27));
});
