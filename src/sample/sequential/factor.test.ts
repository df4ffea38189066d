import { describe, expect, test } from 'vitest';
import {
  exactFamily,
  gaussianNoise,
  mDensity,
  mixture,
  sampleSmoothed,
} from '../../density/index.ts';
import { UserError } from '../../errors.ts';
import { randomKey } from '../../random.ts';
import { chainNoise } from '../noise.ts';
import { factorTarget } from './factor.ts';
import { measurementsOfBlocks } from './measurements.ts';
import { blockSizes, levelsOf, memberOf, sequentialMember } from './member.ts';

const density = mixture({
  weights: [0.3, 0.7],
  means: [
    [-1, 0.5],
    [1.2, -0.3],
  ],
  covariances: [
    [
      [0.3, 0.1],
      [0.1, 0.2],
    ],
    [
      [0.1, 0],
      [0, 0.4],
    ],
  ],
});
const family = exactFamily(density);
const sigma = 0.9;
const work = () => ({
  mean: new Float32Array(2),
  ybar: new Float32Array(2),
  xhat: new Float32Array(2),
  calls: { count: 0 },
});

describe('a factor', () => {
  test('of one measurement: score and log-density are those of the joint law in y_t', async () => {
    const y = [0.4, -0.2, 1.1, 0.3, -0.7, 0.9];
    const joint = mDensity(density, gaussianNoise(sigma, 3));
    const own = work();
    own.mean.set([(0.4 + 1.1) / 2, (-0.2 + 0.3) / 2]);
    const denoiser = family.at(sigma / Math.sqrt(3));
    const target = factorTarget({ before: 2, size: 1, sigma, denoiser }, own);
    const score = new Float32Array(2);
    await target.score(Float32Array.of(-0.7, 0.9), score);
    const whole = new Float64Array(6);
    joint.score(Float64Array.from(y), whole);
    expect(score[0]).toBeCloseTo(whole[4]!, 5);
    expect(score[1]).toBeCloseTo(whole[5]!, 5);
    // Differences of log p(y_3 | y_1, y_2) are differences of log p(y).
    const values = async (z: readonly number[]) => {
      const [a, b] = [new Float64Array(1), new Float64Array(1)];
      await target.logDensity!(Float32Array.from(z), a);
      joint.logDensity(Float64Array.from([...y.slice(0, 4), ...z]), b);
      return a[0]! - b[0]!;
    };
    expect((await values([-0.7, 0.9])) - (await values([1.5, -1]))).toBeCloseTo(0, 5);
  });

  test('of a block: its score is the gradient of its log-density', async () => {
    const own = work();
    own.mean.set([0.3, -0.1]);
    const denoiser = family.at(sigma / Math.sqrt(7));
    const target = factorTarget({ before: 4, size: 3, sigma, denoiser }, own);
    const z = [0.6, 0.2];
    const score = new Float32Array(2);
    await target.score(Float32Array.from(z), score);
    const at = async (i: number, move: number) => {
      const out = new Float64Array(1);
      await target.logDensity!(
        Float32Array.from(z, (value, k) => (k === i ? value + move : value)),
        out,
      );
      return out[0]!;
    };
    for (const i of [0, 1]) {
      const h = 2 ** -7;
      expect(((await at(i, h)) - (await at(i, -h))) / (2 * h)).toBeCloseTo(score[i]!, 2);
    }
    expect(own.calls.count).toBe(1);
  });

  test('shares its arrays: ν is called again where another factor wrote them', async () => {
    const own = work();
    const at = (size: number) =>
      factorTarget({ before: 0, size, sigma, denoiser: family.at(sigma / Math.sqrt(size)) }, own);
    const [one, two] = [at(1), at(2)];
    const z = Float32Array.of(0.5, 0.5);
    await one.jump(z);
    const first = own.xhat.slice();
    await one.jump(z);
    expect(own.calls.count).toBe(1);
    await two.jump(z);
    await one.jump(z);
    expect(own.calls.count).toBe(3);
    expect(own.xhat).toEqual(first);
  });
});

describe('members and blocks', () => {
  test('blocks double, and sum to M', () => {
    expect(blockSizes(1)).toEqual([1]);
    expect(blockSizes(16)).toEqual([1, 1, 2, 4, 8]);
    expect(blockSizes(11)).toEqual([1, 1, 2, 4, 3]);
    expect(blockSizes(3, 'one')).toEqual([1, 1, 1]);
    expect(blockSizes(5, [2, 3])).toEqual([2, 3]);
    expect(levelsOf({ effectiveSigma: 0.5, measurements: 4 }, [1, 1, 2])).toEqual([
      1,
      0.5 * Math.sqrt(2),
      0.5,
    ]);
  });

  test('the member chosen is the widest that levels and spread allow', () => {
    const levels = { from: 0.25, to: 1 };
    const { at, shape } = family;
    expect(sequentialMember({ at, shape, levels }, { effectiveSigma: 0.25 })).toEqual({
      effectiveSigma: 0.25,
      measurements: 16,
      sigma: 1,
    });
    expect(
      sequentialMember({ at, shape, levels, spread: 0.6 }, { effectiveSigma: 0.25 }).measurements,
    ).toBe(5);
    // Some levels alone: 0.25·√(4/t) for t = 1, 2, 4 is there, t = 3 of M = 6 is not.
    const some = { values: [0.25, 0.25 * Math.SQRT2, 0.5, 0.6] };
    expect(
      sequentialMember({ at, shape, levels: some }, { effectiveSigma: 0.25 }).measurements,
    ).toBe(4);
    expect(sequentialMember(family, { sigma: 2, measurements: 9 }).effectiveSigma).toBeCloseTo(
      2 / 3,
      12,
    );
  });

  const refused: [string, () => unknown, object][] = [
    ['no class', () => sequentialMember(family, { sigma: 1 }), { option: 'effectiveSigma' }],
    [
      'three that disagree',
      () => memberOf({ sigma: 1, measurements: 4, effectiveSigma: 0.4 }),
      { option: 'sigma' },
    ],
    ['no whole M', () => memberOf({ sigma: 1, effectiveSigma: 0.4 }), { option: 'sigma' }],
    ['a noise below 0', () => memberOf({ effectiveSigma: -1 }), { option: 'effectiveSigma' }],
    ['blocks of another sum', () => blockSizes(4, [1, 2]), { option: 'blocks' }],
    ['a word that is none', () => blockSizes(4, 'tripling' as 'one'), { option: 'blocks' }],
  ];
  test.each(refused)('refused: %s', (_, call, facts) => {
    const error = (() => {
      try {
        return call();
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ facts });
  });
});

test('measurements of blocks: means kept, residuals of covariance σ²(δ − 1/b)', () => {
  const chains = 20_000;
  const { ybar } = sampleSmoothed(density, 0.5, randomKey(1), chains);
  const blocks = new Float32Array(chains * 4);
  for (let c = 0; c < chains; c++) {
    for (let i = 0; i < 4; i++) blocks[4 * c + i] = ybar[2 * c + (i % 2)]!;
  }
  const options = { sizes: [1, 3], sigma: 1.5, step: 7 };
  const y = measurementsOfBlocks(blocks, options, chainNoise(3, chains));
  expect(y.length).toBe(chains * 8);
  let [own, cross] = [0, 0];
  for (let c = 0; c < chains; c++) {
    expect(y[8 * c]).toBe(blocks[4 * c]);
    const [a, b, last] = [y[8 * c + 2]!, y[8 * c + 4]!, y[8 * c + 6]!];
    const mean = blocks[4 * c + 2]!;
    expect((a + b + last) / 3).toBeCloseTo(mean, 4);
    own += (a - mean) ** 2 / chains;
    cross += ((a - mean) * (b - mean)) / chains;
  }
  const exact = 2.25 * (2 / 3);
  // 4.5 standard errors.
  expect(Math.abs(own - exact)).toBeLessThan(4.5 * exact * Math.sqrt(2 / chains));
  expect(Math.abs(cross + 0.75)).toBeLessThan(4.5 * Math.sqrt((exact ** 2 + 0.75 ** 2) / chains));
});
