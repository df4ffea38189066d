import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from './errors.ts';
import {
  fillBits,
  fillNormal,
  fillUniform,
  foldKey,
  type Key,
  permutation,
  randomKey,
  uniformInt,
} from './random.ts';

const word = fc.nat({ max: 0xffffffff });
const anyKey = fc.tuple(word, word);

function normals(key: Key, counter: number, n: number): Float64Array {
  const out = new Float64Array(n);
  fillNormal(key, counter, out);
  return out;
}

describe('Threefry-2x32-20', () => {
  // kat_vectors of Random123, the library of Salmon et al. 2011.
  test.each([
    [[0, 0], [0, 0], '6b200159 99ba4efe'],
    [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], '1cb996fc bb002be7'],
    [[0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], 'c4923a9c 483df7a0'],
  ] as const)('key %j counter %j', (key, [block, counter], expected) => {
    const out = new Uint32Array(2);
    fillBits(key, counter, out, 0, 2, 2 * block);
    expect(Array.from(out, (x) => x.toString(16).padStart(8, '0')).join(' ')).toBe(expected);
  });
});

describe('keys', () => {
  test('a path is folded one index at a time', () => {
    expect(randomKey(7, 1, 2)).toEqual(foldKey(foldKey(randomKey(7), 1), 2));
  });

  test('seeds and indices use all 53 bits; order matters', () => {
    const keys = [
      randomKey(0),
      randomKey(0, 0),
      randomKey(1),
      randomKey(2 ** 32),
      randomKey(2 ** 32 + 1),
      randomKey(Number.MAX_SAFE_INTEGER),
      randomKey(3, 4),
      randomKey(4, 3),
    ];
    expect(new Set(keys.map(String)).size).toBe(keys.length);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses the seed %s', (seed) => {
    expect(() => randomKey(seed)).toThrow(UserError);
    expect(() => randomKey(0, seed)).toThrow(
      /^seed: \S+ is not a whole number from 0 to 90\d+; give/,
    );
  });

  test('streams of neighbouring keys and counters are uncorrelated', () => {
    // r √n is nearly N(0, 1) for independent streams: |r √n| < 4.5 fails by chance once in
    // 150,000 pairs, and the seed is fixed.
    const n = 100_000;
    const base = normals(randomKey(1, 0), 0, n + 1);
    const others = [
      normals(randomKey(1, 1), 0, n),
      normals(randomKey(2, 0), 0, n),
      normals(randomKey(1, 0, 0), 0, n),
      normals(randomKey(1, 0), 1, n),
      base.subarray(1),
    ];
    for (const other of others) {
      let r = 0;
      for (let i = 0; i < n; i++) r += base[i]! * other[i]!;
      expect(Math.abs(r) / Math.sqrt(n)).toBeLessThan(4.5);
    }
  });
});

describe('fill functions', () => {
  test.each([
    ['fillNormal', fillNormal],
    ['fillUniform', fillUniform],
  ])('%s: elements do not depend on how the array is cut', (_, fillValues) => {
    fc.assert(
      fc.property(
        anyKey,
        word,
        fc.nat({ max: 3000 }),
        fc.array(fc.nat({ max: 3000 }), { maxLength: 4 }),
        fc.nat({ max: 50 }),
        (key, counter, n, cuts, shift) => {
          const whole = new Float32Array(n);
          fillValues(key, counter, whole);
          const edges = [0, ...cuts.filter((cut) => cut < n).sort((a, b) => a - b), n];
          const pieces = new Float32Array(n + shift);
          for (let i = 1; i < edges.length; i++) {
            const [from, to] = [edges[i - 1]!, edges[i]!];
            fillValues(key, counter, pieces, shift + from, shift + to, from);
          }
          expect(pieces.subarray(shift)).toEqual(whole);
          expect(pieces.subarray(0, shift).every((x) => x === 0)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('float32 holds the rounded float64 stream', () => {
    const out = new Float32Array(1001);
    fillNormal([5, 6], 7, out);
    expect(out).toEqual(Float32Array.from(normals([5, 6], 7, 1001)));
  });

  test('counters wrap at 32 bits on both words', () => {
    const far = new Uint32Array(4);
    fillBits([1, 2], 3, far, 0, 4, 2 * (2 ** 32 - 1));
    const near = new Uint32Array(2);
    fillBits([1, 2], 3, near);
    expect(far.subarray(2)).toEqual(near);
  });
});

describe('uniform numbers', () => {
  test('lie inside (0, 1) at the midpoints of 2^23 cells, with the right mean and variance', () => {
    const n = 400_000;
    const u = new Float32Array(n);
    fillUniform(randomKey(11), 0, u);
    let misplaced = 0;
    let mean = 0;
    let square = 0;
    for (const x of u) {
      if (!(x > 0 && x < 1 && (x * 2 ** 23) % 1 === 0.5)) misplaced++;
      mean += (x - 0.5) / n;
      square += (x - 0.5) ** 2 / n;
    }
    expect(misplaced).toBe(0);
    // Standard errors √(1/12n) and √(1/180n); 4.5 of them are passed once in 150,000 seeds.
    expect(Math.abs(mean)).toBeLessThan(4.5 * Math.sqrt(1 / (12 * n)));
    expect(Math.abs(square - 1 / 12)).toBeLessThan(4.5 * Math.sqrt(1 / (180 * n)));
  });
});

describe('normal numbers', () => {
  test('agree with Math.log, Math.cos and Math.sin to 1e-10 of their size', () => {
    const n = 200_000;
    const bits = new Uint32Array(n);
    fillBits(randomKey(3), 9, bits);
    const z = normals(randomKey(3), 9, n);
    let worst = 0;
    for (let i = 0; i < n; i += 2) {
      const radius = Math.sqrt(-2 * Math.log((bits[i]! + 0.5) / 2 ** 32));
      const turn = bits[i + 1]!;
      const angle = (((turn << 2) + 2) / 2 ** 32) * (Math.PI / 2);
      const sign = turn >= 2 ** 31 ? -1 : 1;
      const pair = [sign * radius * Math.cos(angle), sign * radius * Math.sin(angle)];
      if ((turn >>> 30) & 1) pair.reverse();
      worst = Math.max(worst, Math.abs(z[i]! / pair[0]! - 1), Math.abs(z[i + 1]! / pair[1]! - 1));
    }
    expect(worst).toBeLessThan(1e-10);
  });

  test('moments and tails of two million draws', () => {
    const n = 2_000_000;
    const z = normals(randomKey(2024), 0, n);
    const sums = [0, 0, 0, 0];
    let beyond3 = 0;
    let largest = 0;
    for (const x of z) {
      for (let p = 0; p < 4; p++) sums[p]! += x ** (p + 1) / n;
      if (Math.abs(x) > 3) beyond3++;
      largest = Math.max(largest, Math.abs(x));
    }
    // Var z^p = 1, 2, 15, 96. Each bound is passed by chance once in 150,000 seeds.
    const variances = [1, 2, 15, 96];
    [0, 1, 0, 3].forEach((moment, p) => {
      expect(Math.abs(sums[p]! - moment)).toBeLessThan(4.5 * Math.sqrt(variances[p]! / n));
    });
    const share = 0.0026997960632601866;
    expect(Math.abs(beyond3 / n - share)).toBeLessThan(4.5 * Math.sqrt(share / n));
    expect(largest).toBeGreaterThan(4.6);
  });

  test('the tail reaches beyond 5.5', () => {
    // Found by search: word 57968 of this stream is 15, so its radius is √(−2 log(15.5/2^32)) =
    // 6.23.
    const pair = new Float64Array(2);
    fillNormal([8, 9], 292, pair, 0, 2, 57968);
    expect(Math.max(Math.abs(pair[0]!), Math.abs(pair[1]!))).toBeGreaterThan(6);
    expect(Math.hypot(pair[0]!, pair[1]!)).toBeCloseTo(Math.sqrt(-2 * Math.log(15.5 / 2 ** 32)), 9);
  });

  test('Kolmogorov–Smirnov against the normal distribution function', () => {
    // √n D > 2.3 has probability 2 exp(−2 · 2.3²) = 5e-5 (Kolmogorov's limit law).
    const n = 200_000;
    const z = normals(randomKey(77, 5), 3, n).sort();
    let distance = 0;
    for (let i = 0; i < n; i++) {
      const p = normalDistribution(z[i]!);
      distance = Math.max(distance, Math.abs(p - i / n), Math.abs(p - (i + 1) / n));
    }
    expect(Math.sqrt(n) * distance).toBeLessThan(2.3);
  });

  test('the two numbers of a block are independent: their angle is uniform', () => {
    // Chi-square over 64 sectors, 63 degrees of freedom: above 126 with probability 4e-6.
    const n = 256_000;
    const z = normals(randomKey(31), 0, n);
    const sectors = new Float64Array(64);
    for (let i = 0; i < n; i += 2) {
      const turn = Math.atan2(z[i + 1]!, z[i]!) / (2 * Math.PI) + 0.5;
      sectors[Math.min(63, Math.floor(turn * 64))]! += 1;
    }
    expect(chiSquare(sectors, n / 2 / 64)).toBeLessThan(126);
  });
});

describe('integers and permutations', () => {
  test('uniformInt is uniform over a bound that does not divide 2^32', () => {
    // Chi-square, 6 degrees of freedom: above 35 with probability 4e-6.
    const counts = new Float64Array(7);
    for (let i = 0; i < 14_000; i++) counts[uniformInt(randomKey(4), i, 7)]! += 1;
    expect(chiSquare(counts, 2000)).toBeLessThan(35);
  });

  test('uniformInt near 2^32 rejects instead of wrapping', () => {
    const bound = 2 ** 31 + 1;
    for (let i = 0; i < 200; i++) expect(uniformInt(randomKey(4), i, bound)).toBeLessThan(bound);
    expect(uniformInt([0, 0], 0, 2 ** 32)).toBe(0x6b200159);
    expect(uniformInt([0, 0], 0, 1)).toBe(0);
    expect(() => uniformInt([0, 0], 0, 0)).toThrow(RangeError);
  });

  test('a permutation holds every index once, and depends on key and counter alone', () => {
    fc.assert(
      fc.property(anyKey, fc.nat({ max: 3000 }), (key, n) => {
        const order = permutation(key, n);
        expect(permutation(key, n)).toEqual(order);
        expect(order.slice().sort()).toEqual(Uint32Array.from({ length: n }, (_, i) => i));
      }),
      { numRuns: 40 },
    );
    expect(permutation([1, 2], 100, 1)).not.toEqual(permutation([1, 2], 100));
  });

  test('all 24 orders of four are equally likely', () => {
    // Chi-square, 23 degrees of freedom: above 66 with probability 5e-6.
    const counts = new Map<string, number>();
    const n = 24_000;
    for (let i = 0; i < n; i++) {
      const order = permutation(randomKey(6, i), 4).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(chiSquare([...counts.values()], n / 24)).toBeLessThan(66);
  });
});

function chiSquare(counts: Iterable<number>, expected: number): number {
  let sum = 0;
  for (const count of counts) sum += (count - expected) ** 2 / expected;
  return sum;
}

/** Φ(x) by Simpson's rule from 0, step 1/64 or finer: error below 1e-9. */
function normalDistribution(x: number): number {
  const pieces = 2 * Math.ceil(Math.abs(x) * 32 + 1);
  const h = x / pieces;
  let sum = 1 + Math.exp((-x * x) / 2);
  for (let i = 1; i < pieces; i++) sum += (i % 2 === 1 ? 4 : 2) * Math.exp(-((i * h) ** 2) / 2);
  return 0.5 + (sum * h) / 3 / Math.sqrt(2 * Math.PI);
}
