import { expect, test } from 'vitest';
import { exactDenoiser, gaussian } from '../density/index.ts';
import { checkWalkMemory, walkBytes, walkJump } from './index.ts';

test('a walk takes six arrays of y, and two for each draw that is kept', () => {
  const size = { chains: 3, measurements: 5, dimension: 7 };
  expect(walkBytes(size)).toBe(4 * 6 * 3 * 5 * 7);
  expect(walkBytes({ ...size, draws: 10, keptMeasurements: 5 }) - walkBytes(size)).toBe(
    4 * 3 * 7 * 10 * (2 + 5),
  );
});

test('a walk beyond the free memory is refused before it begins', () => {
  const size = { chains: 16, measurements: 10 ** 9, dimension: 2 };
  expect(() => checkWalkMemory(size, 1e11)).toThrow(
    expect.objectContaining({
      code: 'memory',
      facts: expect.objectContaining({ needed: walkBytes(size), available: 1e11 }),
    }),
  );
  expect(() => checkWalkMemory({ ...size, measurements: 1 }, 1e6)).not.toThrow();
});

test('walkJump refuses it at the call', () => {
  const model = exactDenoiser(
    gaussian(
      [0, 0],
      [
        [1, 0],
        [0, 1],
      ],
    ),
    0.5,
  );
  expect(() => walkJump(model, { chains: 16, measurements: 10 ** 12, steps: 1 })).toThrow(
    expect.objectContaining({ code: 'memory' }),
  );
});
