import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { fft, powerOfTwoFrom } from './fft.ts';

test.each([1, 2, 4, 32, 128])('is the sum it stands for, n = %s', (n) => {
  const [real, imaginary] = [new Float64Array(n), new Float64Array(n)];
  fillNormal(randomKey(1), 0, real);
  fillNormal(randomKey(1), 1, imaginary);
  const sum = (k: number) => {
    let [re, im] = [0, 0];
    for (let t = 0; t < n; t++) {
      const angle = (-2 * Math.PI * k * t) / n;
      re += real[t]! * Math.cos(angle) - imaginary[t]! * Math.sin(angle);
      im += real[t]! * Math.sin(angle) + imaginary[t]! * Math.cos(angle);
    }
    return [re, im];
  };
  const expected = Array.from({ length: n }, (_, k) => sum(k));
  fft(real, imaginary);
  expected.forEach(([re, im], k) => {
    expect(real[k]).toBeCloseTo(re!, 10);
    expect(imaginary[k]).toBeCloseTo(im!, 10);
  });
});

test('powers of two', () => {
  expect([0, 1, 2, 3, 8, 9, 2 ** 20, 2 ** 20 + 1].map(powerOfTwoFrom)).toEqual([
    1,
    1,
    2,
    4,
    8,
    16,
    2 ** 20,
    2 ** 21,
  ]);
});
