import { expect, test } from 'vitest';
import { diagnoseChains } from './diagnose-chains.ts';
import { effectiveSampleSize } from './effective-sample-size.ts';
import { rHat } from './r-hat.ts';
import { autoregressive, drawsOf } from './testing.ts';

const codes = (found: ReturnType<typeof diagnoseChains>) => found.problems.map(({ code }) => code);

test('of good chains: R̂ and effective samples as they are, and nothing against them', () => {
  const draws = autoregressive(1, [4, 500, 2], 0.5);
  const found = diagnoseChains(draws);
  expect(found.problems).toEqual([]);
  expect(found.rHat).toEqual([...rHat(draws)]);
  expect(found.effectiveSampleSize).toEqual([...effectiveSampleSize(draws)]);
  expect(found.sources.rHat).toContain('2021');
});

test('chains that never moved are not 1.000 and n', () => {
  const still = (at: number) => new Array<number>(200).fill(at);
  const one = diagnoseChains(drawsOf(still(0.3), still(0.3)));
  expect(one).toMatchObject({ rHat: [null], effectiveSampleSize: [0] });
  expect(one.problems).toEqual([
    { code: 'constant', coordinates: [0] },
    { code: 'still', chains: [0, 1] },
  ]);
  const apart = diagnoseChains(drawsOf(still(0.3), still(0.5)));
  expect(apart).toMatchObject({ rHat: [null], effectiveSampleSize: [0] });
  expect(codes(apart)).toEqual(['still']);
  // What goes into a file says the same: no Infinity, no NaN.
  expect(JSON.parse(JSON.stringify(apart))).toEqual(apart);
});

test('one chain of four that is stuck is named, and the chains have not mixed', () => {
  const draws = autoregressive(2, [4, 300, 1], 0);
  draws.data.fill(1.5, 300, 600);
  const found = diagnoseChains(draws);
  expect(found.problems).toEqual([
    { code: 'still', chains: [1] },
    { code: 'unmixed', coordinates: [0] },
  ]);
  expect(found.rHat[0]).toBeGreaterThan(1.05);
});

test('one coordinate that is constant beside one that moves', () => {
  const draws = autoregressive(3, [2, 200, 2], 0);
  for (let at = 0; at < draws.data.length; at += 2) draws.data[at] = 7;
  const found = diagnoseChains(draws);
  expect(found.rHat[0]).toBeNull();
  expect(found.effectiveSampleSize[0]).toBe(0);
  expect(found.rHat[1]).toBeGreaterThan(0.99);
  expect(found.problems).toEqual([{ code: 'constant', coordinates: [0] }]);
});

test('short chains say so', () => {
  expect(diagnoseChains(autoregressive(4, [4, 60, 1], 0)).problems).toContainEqual({
    code: 'short',
    draws: 60,
    needed: 100,
  });
});

test('a coordinate in which no chain moves has a reason for its R̂, also where others move', () => {
  // Two chains of [moving, fixed at the chain's index].
  const data = Float64Array.from({ length: 2 * 100 * 2 }, (_, k) =>
    k % 2 === 1 ? Math.floor(k / 200) : Math.sin(k * k),
  );
  const found = diagnoseChains({ data, shape: [2, 100, 2] });
  expect(found.rHat[1]).toBeNull();
  expect(found.effectiveSampleSize[1]).toBe(0);
  expect(found.problems).toContainEqual({ code: 'apart', coordinates: [1] });
});
