import { describe, expect, test } from 'vitest';
import { GraphError } from '../graph/index.ts';
import { computed, createDraw, expectClose, fed, normalInput, valuesOf } from '../graph/testing.ts';
import { dropout } from './dropout.ts';
import { bindParameters } from './scope.ts';

const x = normalInput(createDraw(91), [4, 64]);
/** Each byte once. */
const bytes = createDraw(92).order(256);
const training = bindParameters(
  {},
  { randomBytes: (shape) => fed(shape, Uint8Array.from(bytes), 'uint8') },
);
const elsewhere = bindParameters({});

describe('dropout', () => {
  test.each([0.25, 0.5, 0.1])(
    'of %f drops that share by its bytes and scales the rest',
    async (rate) => {
      const dropped = Math.round(rate * 256);
      const expected = bytes.map((byte, i) =>
        byte < dropped ? 0 : Math.fround((valuesOf(x)[i]! * 256) / (256 - dropped)),
      );
      const y = await computed(dropout(training, x, rate));
      expectClose(y, expected);
      expect(y.filter((value) => value === 0)).toHaveLength(dropped);
    },
  );

  test('keeps the mean', async () => {
    const ones = fed([4, 64], new Float32Array(256).fill(1));
    const y = await computed(dropout(training, ones, 0.3));
    expect(y.reduce((sum, value) => sum + value, 0) / y.length).toBeCloseTo(1, 6);
  });

  test('is nothing without bytes, and at rate 0', () => {
    expect(dropout(elsewhere, x, 0.5)).toBe(x);
    expect(dropout(training, x, 0)).toBe(x);
    expect(dropout(training, x, 0.001)).toBe(x);
  });

  test.each([-0.1, 1, Number.NaN])('refuses a rate of %f', (rate) => {
    expect(() => dropout(training, x, rate)).toThrow(GraphError);
    expect(() => dropout(training, x, rate)).toThrow(
      `dropout: the rate must be in [0, 1), not ${rate}`,
    );
  });
});
