import { expect, test } from 'vitest';
import type { Jump } from '../../../src/sample/walk-jump.ts';
import { TRAIL, walkRecord } from './record.ts';

const jumpAt = (step: number, chains: number, acceptance?: number): Jump => ({
  step,
  ybar: Float32Array.from({ length: 2 * chains }, (_, i) => step + i / 100),
  xhat: Float32Array.from({ length: 2 * chains }, (_, i) => -step - i / 100),
  state: { step, position: new Float32Array(2 * chains) },
  ...(acceptance !== undefined && { acceptance: new Float64Array(chains).fill(acceptance) }),
});

test('draws begin after the burn-in, every few steps, in the order of chains', () => {
  const record = walkRecord({ chains: 2, burnIn: 3, thin: 2 });
  for (let step = 1; step <= 8; step++) record.add(jumpAt(step, 2), 0);
  // Steps 5 and 7.
  expect(record.drawn).toBe(2);
  const { ybar, xhat, shape } = record.draws();
  expect(shape).toEqual([2, 2, 2]);
  const expected = [5, 5.01, 7, 7.01, 5.02, 5.03, 7.02, 7.03].map(Math.fround);
  expect([...ybar]).toEqual(expected);
  expect([...xhat]).toEqual(expected.map((x) => -x));
});

test('only the latest draws, steps and jumps are kept', () => {
  const record = walkRecord({ chains: 256, burnIn: 0, thin: 1 });
  for (let step = 1; step <= 200; step++) record.add(jumpAt(step, 256), step);
  expect(record.drawn).toBe(200);
  expect(record.kept).toBe(128);
  expect(record.draws().ybar[0]).toBe(73);
  expect(record.trail.length).toBe(TRAIL);
  expect(record.trail.at(-1)![0]).toBe(200);
  expect(record.fading.length).toBe(1000);
  record.fade(200);
  expect(record.fading.length).toBe(256);
  record.fade(201);
  expect(record.fading.length).toBe(0);
});

test('acceptance is the mean over steps and chains, and absent without tests', () => {
  const record = walkRecord({ chains: 3, burnIn: 10, thin: 1 });
  record.add(jumpAt(1, 3), 0);
  expect(record.acceptance).toBeUndefined();
  record.add(jumpAt(2, 3, 0.5), 0);
  record.add(jumpAt(3, 3, 1), 0);
  expect(record.acceptance).toBe(0.75);
});
