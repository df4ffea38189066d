import { describe, expect, test } from 'vitest';
import { gaussLegendre } from '../testing.ts';
import { flow } from './langevin.ts';

const nodes = gaussLegendre(40);

/** ∫_0^t f, in 64 pieces of 40 Gauss–Legendre nodes. */
function integrate(t: number, f: (s: number) => number): number {
  let sum = 0;
  for (let piece = 0; piece < 64; piece++) {
    for (const { at, weight } of nodes) sum += (weight * f((t * (piece + at)) / 64)) / 64;
  }
  return t * sum;
}

describe('flow', () => {
  test.each([
    [1e-14, 1],
    [1e-6, 2],
    [0.03, 1],
    [0.49, 1],
    [0.999999, 1],
    [1, 1],
    [1.7, 0.3],
    [30, 2],
  ])('at γt = %f agrees with integrals over the Brownian path', (a, time) => {
    const [friction, inverseMass] = [a / time, 0.7];
    const decay = (s: number) => Math.exp(-friction * s);
    // Where a velocity drifts in time s: (1 − e^{−γs})/γ.
    const reach = (s: number) => -Math.expm1(-friction * s) / friction;
    const heat = 2 * friction * inverseMass;
    const exact = {
      keep: decay(time),
      drift: integrate(time, decay),
      pushPosition: inverseMass * integrate(time, reach),
      pushVelocity: inverseMass * integrate(time, decay),
      varPosition: heat * integrate(time, (s) => reach(s) ** 2),
      covariance: heat * integrate(time, (s) => reach(s) * decay(s)),
      varVelocity: heat * integrate(time, (s) => decay(s) ** 2),
    };
    const found = flow(time, friction, inverseMass);
    for (const [name, value] of Object.entries(exact)) {
      const relative = found[name as keyof typeof exact] / value - 1;
      expect(Math.abs(relative), name).toBeLessThan(1e-13);
    }
  });

  test('without friction it is the motion under a constant force, without noise', () => {
    expect(flow(0.4, 0, 2)).toEqual({
      keep: 1,
      drift: 0.4,
      pushPosition: expect.closeTo((2 * 0.4 ** 2) / 2, 15),
      pushVelocity: 0.8,
      varPosition: 0,
      covariance: 0,
      varVelocity: expect.closeTo(0, 15),
    });
  });
});
