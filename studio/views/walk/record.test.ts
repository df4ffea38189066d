import { expect, test } from 'vitest';
import type { Jump } from '../../../src/sample/jump.ts';
import { TRAIL, walkRecord } from './record.ts';

const jumpAt = (step: number, chains: number, acceptance?: number): Jump => ({
  step,
  ybar: Float32Array.from({ length: 2 * chains }, (_, i) => step + i / 100),
  xhat: Float32Array.from({ length: 2 * chains }, (_, i) => -step - i / 100),
  shape: [chains, 2],
  scoreCalls: 1,
  state: { step, position: new Float32Array(2 * chains) },
  ...(acceptance !== undefined && { acceptance: new Float64Array(chains).fill(acceptance) }),
});

test('draws begin after the burn-in, every few steps, in the order of chains', () => {
  const record = walkRecord({ chains: 2, burnIn: 3, thin: 2, radius: 6 });
  for (let step = 1; step <= 8; step++) record.add(jumpAt(step, 2), 0);
  // Steps 5 and 7.
  expect(record.drawn).toBe(2);
  const { ybar, xhat, shape } = record.draws();
  expect(shape).toEqual([2, 2, 2]);
  const expected = [5, 5.01, 7, 7.01, 5.02, 5.03, 7.02, 7.03].map(Math.fround);
  expect([...ybar]).toEqual(expected);
  expect([...xhat]).toEqual(expected.map((x) => -x));
});

test('of many draws, every few of all the walk are kept, whatever the number of chains', () => {
  const record = walkRecord({ chains: 256, burnIn: 0, thin: 1, radius: 6 });
  for (let step = 1; step <= 1000; step++) record.add(jumpAt(step, 256), step);
  expect(record.drawn).toBe(1000);
  // 128 at most: at 128, 256 and 512 draws every second leaves.
  expect([record.stride, record.kept]).toEqual([8, 125]);
  const { ybar, shape } = record.draws();
  expect(shape).toEqual([256, 125, 2]);
  const steps = Array.from({ length: 125 }, (_, k) => ybar[2 * k]);
  expect(steps).toEqual(Array.from({ length: 125 }, (_, k) => 8 * (k + 1)));
});

test('only the latest steps and jumps are drawn', () => {
  const record = walkRecord({ chains: 256, burnIn: 0, thin: 1, radius: 6 });
  for (let step = 1; step <= 200; step++) record.add(jumpAt(step, 256), step);
  expect(record.trail.length).toBe(TRAIL);
  expect(record.trail.at(-1)![0]).toBe(200);
  expect(record.fading.length).toBe(1000);
  record.fade(200);
  expect(record.fading.length).toBe(256);
  record.fade(201);
  expect(record.fading.length).toBe(0);
});

test('draws that begin anew have no path from one to the next', () => {
  const record = walkRecord({ chains: 2, burnIn: 0, thin: 40, radius: 6, anew: true });
  for (const step of [40, 80, 120]) record.add(jumpAt(step, 2), step);
  expect(record.drawn).toBe(3);
  expect(record.trail.map(([x]) => x)).toEqual([120]);
});

test('the histogram is of all draws, also of those that are not kept', () => {
  const record = walkRecord({ chains: 256, burnIn: 0, thin: 1, radius: 6 });
  expect(record.histogram('ybar', 0).length).toBe(0);
  const at = (x: number): Jump => ({
    ...jumpAt(1, 256),
    ybar: Float32Array.from({ length: 512 }, (_, i) => (i % 2 === 0 ? x : 9)),
  });
  for (let step = 1; step <= 300; step++) {
    record.add({ ...at(step <= 100 ? -3.1 : 3.1), step }, step);
  }
  const density = record.histogram('ybar', 0);
  const width = 12 / density.length;
  expect(density[Math.floor(2.9 / width)]! * width).toBeCloseTo(1 / 3, 10);
  expect(density[Math.floor(9.1 / width)]! * width).toBeCloseTo(2 / 3, 10);
  // The other coordinate is outside.
  expect(record.histogram('ybar', 1).every((height) => height === 0)).toBe(true);
});

test('acceptance is the mean over steps and chains, and absent without tests', () => {
  const record = walkRecord({ chains: 3, burnIn: 10, thin: 1, radius: 6 });
  record.add(jumpAt(1, 3), 0);
  expect(record.acceptance).toBeUndefined();
  record.add(jumpAt(2, 3, 0.5), 0);
  record.add(jumpAt(3, 3, 1), 0);
  expect(record.acceptance).toBe(0.75);
});
