import { expect, test } from 'vitest';
import { classifierFree, type Denoiser, exactFamily, gaussian, guided } from '../density/index.ts';
import type { Condition } from '../model/index.ts';
import { collect } from './collect.ts';
import { fixedGuide } from './fixed.ts';
import { callsOfSteered, steeredAt } from './steer.ts';
import { walkJump } from './walk-jump.ts';

const classes = [-1, 2].map((mean) => exactFamily(gaussian([mean, 0], covariance(0.5))));
const none = exactFamily(gaussian([0.5, 0], covariance(1.5)));

function covariance(variance: number) {
  return [
    [variance, 0.2],
    [0.2, 0.6],
  ];
}

/** A model that knows two classes, and none. */
function at(sigma: number, condition: Condition = {}): Denoiser {
  const { class: chosen } = condition as { readonly class?: number };
  return (chosen === undefined ? none : classes[chosen]!).at(sigma);
}

const z = Float32Array.of(0.3, -0.8, 2, 1.1);

async function estimate(denoiser: Denoiser) {
  const out = new Float32Array(z.length);
  await denoiser.denoise(z, out);
  return out;
}

test('guidance goes from none to a class and beyond, at every level', async () => {
  for (const sigma of [0.4, 1.3]) {
    const [own, open] = [at(sigma, { class: 1 }), at(sigma)];
    const steered = steeredAt(at, { condition: { class: 1 }, guidance: 3 })(sigma);
    expect(await estimate(steered)).toEqual(await estimate(classifierFree(own, open, 3)));
    const plain = steeredAt(at, { condition: { class: 1 } })(sigma);
    expect(await estimate(plain)).toEqual(await estimate(own));
  }
  expect(await estimate(steeredAt(at, {})(0.5))).toEqual(await estimate(none.at(0.5)));
  expect(() => steeredAt(at, { guidance: 2 })).toThrow(/^guidance: leads to a class/);
});

test('what is held pulls the guided density', async () => {
  const fixed = { mask: Uint8Array.of(1, 0), values: Float32Array.of(1.5, Number.NaN) };
  const condition = { class: 0 };
  const held = { fixed, noise: 0.4 };
  const told = classifierFree(at(0.5, condition), at(0.5), 2);
  const expected = guided(told, { guides: [fixedGuide(fixed, 0.4)] });
  const steered = steeredAt(at, { condition, guidance: 2, held })(0.5);
  expect(await estimate(steered)).toEqual(await estimate(expected));
});

test('a walk that is held has the law of a normal seen through noise', async () => {
  const [sigma, s, b] = [0.5, 0.6, 2.2];
  const fixed = { mask: Uint8Array.of(1, 0), values: Float32Array.of(b, 0) };
  const [mean, variance, cross, other] = [0.5, 1.5, 0.2, 0.6];
  // x̂_0 = m_0 + g·(ȳ − m), g = (C_00, C_01)(C + σ̃²I)⁻¹: the guide is normal in ȳ.
  const [a, d] = [variance + sigma ** 2, other + sigma ** 2];
  const determinant = a * d - cross ** 2;
  const g = [
    (variance * d - cross * cross) / determinant,
    (-variance * cross + cross * a) / determinant,
  ] as const;
  // ȳ has precision (C + σ̃²I)⁻¹ + ggᵀ/s².
  const [p00, p01, p11] = [
    d / determinant + g[0] ** 2 / s ** 2,
    -cross / determinant + (g[0] * g[1]) / s ** 2,
    a / determinant + g[1] ** 2 / s ** 2,
  ];
  const both = p00 * p11 - p01 ** 2;
  const pull = (b - mean) / s ** 2;
  const expected = mean + (p11 * g[0] * pull - p01 * g[1] * pull) / both;
  const spread = p11 / both;

  const chains = 4000;
  const steered = steeredAt(at, { held: { fixed, noise: s } })(sigma);
  const walk = { chains, steps: 80, jumpEvery: 80, stepSize: 0.5, friction: 0.5, seed: 2 };
  const { ybar } = await collect(walkJump(steered, walk));
  let [sum, square] = [0, 0];
  for (let c = 0; c < chains; c++) {
    sum += ybar[2 * c]! / chains;
    square += (ybar[2 * c]! - expected) ** 2 / chains;
  }
  // Two comparisons at 4.5 standard errors.
  expect(Math.abs(sum - expected)).toBeLessThan(4.5 * Math.sqrt(spread / chains));
  expect(Math.abs(square - spread)).toBeLessThan(4.5 * spread * Math.sqrt(2 / chains));
});

test('calls of the network are counted, and what cannot be held is refused', () => {
  const fixed = { mask: Uint8Array.of(1, 0), values: new Float32Array(2) };
  const held = { fixed, noise: 0.5 };
  expect(callsOfSteered({})).toBe(1);
  expect(callsOfSteered({ guidance: 2 })).toBe(2);
  expect(callsOfSteered({ guidance: 2, held })).toBe(4);
  const all = { mask: Uint8Array.of(1, 1), values: new Float32Array(2) };
  expect(() => steeredAt(at, { held: { fixed: all, noise: 1 } })).toThrow(/every coordinate/);
  expect(() => fixedGuide(all, 0.5)).toThrow(/fixes every coordinate/);
  expect(() => fixedGuide(fixed, 0)).toThrow(/^noise: 0 is out of range/);
});
