/** Against ArviZ on a few short chains; `bench/peers/arviz_diagnostics.py` made the fixture. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { autocorrelationTime } from './autocorrelation.ts';
import { effectiveSampleSize } from './effective-sample-size.ts';
import { chainMoments } from './moments.ts';
import { rHat } from './r-hat.ts';
import { drawsOf } from './testing.ts';

interface Fixture {
  readonly arviz: string;
  readonly cases: readonly {
    readonly name: string;
    readonly draws: readonly (readonly number[])[];
    readonly essBulk: number;
    readonly essMean: number;
    readonly essUnsplit: number;
    readonly rHatRank: number;
    readonly rHatPlain: number;
    readonly mcseMean: number;
  }[];
}

const fixture: Fixture = JSON.parse(
  readFileSync(new URL('./fixtures/arviz.json', import.meta.url), 'utf8'),
);
const DIGITS = 1e-10;

test('the fixture is of the version these tests name', () => {
  expect(fixture.arviz).toBe('0.23.4');
  expect(fixture.cases.length).toBe(10);
});

describe.each(fixture.cases)('as ArviZ 0.23.4: $name', (expected) => {
  const draws = drawsOf(...expected.draws);
  const agrees = (value: number, reference: number) =>
    expect(Math.abs(value / reference - 1)).toBeLessThan(DIGITS);

  test('effective sample size, bulk and of the mean', () => {
    agrees(effectiveSampleSize(draws)[0]!, expected.essBulk);
    agrees(effectiveSampleSize(draws, { of: 'mean' })[0]!, expected.essMean);
  });

  test('the autocorrelation time is draws per effective draw, chains not split', () => {
    agrees(draws.data.length / autocorrelationTime(draws)[0]!, expected.essUnsplit);
  });

  test('R-hat, rank-normalised and folded, and plain', () => {
    agrees(rHat(draws)[0]!, expected.rHatRank);
    agrees(rHat(draws, { of: 'plain' })[0]!, expected.rHatPlain);
  });

  test('standard error of the mean', () => {
    agrees(chainMoments(draws).meanError[0]!, expected.mcseMean);
  });
});
