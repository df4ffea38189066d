import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readNpy, writeNpy } from '../data/node/index.ts';
import type { WalkSummary } from '../evaluate/walk-summary.ts';
import { interrupted, mdensityJson, refusal, withoutProgress, workFolder } from './testing.ts';

// Commands on densities that are known exactly: spectrum, bayes, walk.
const folder = workFolder();
const at = (name: string) => join(folder, name);
const file = (name: string, value: unknown) => {
  writeFileSync(at(name), JSON.stringify(value));
  return at(name);
};
const gaussian = file('gaussian.json', {
  type: 'gaussian',
  mean: [1, -1],
  covariance: [
    [2, 0.5],
    [0.5, 1],
  ],
});

interface Spectrum {
  readonly eigenvalues: readonly { readonly value: number; readonly multiplicity: number }[];
  readonly conditionNumber: number;
}

describe('spectrum', () => {
  test('of equal noise is the closed form', async () => {
    const { eigenvalues, conditionNumber } = await mdensityJson<Spectrum>(
      ...['spectrum', '--variances', '4,1,0.05', '--sigma', '1.3', '--measurements', '5'],
    );
    // 1/(σ² + Mτ²) once for each τ², and 1/σ² with multiplicity d(M − 1).
    const expected = [4, 1, 0.05].map((v) => 1 / (1.69 + 5 * v));
    expect(eigenvalues.map(({ multiplicity }) => multiplicity)).toEqual([1, 1, 1, 12]);
    [...expected, 1 / 1.69].forEach((value, i) => {
      expect(eigenvalues[i]!.value).toBeCloseTo(value, 12);
    });
    expect(conditionNumber).toBeCloseTo(1 + (5 * 4) / 1.69, 10);
  });

  test('takes a covariance and unequal noise, and draws', async () => {
    await writeNpy(at('c.npy'), Float64Array.of(2, 0, 0, 0.5), [2, 2]);
    const options = ['--sigmas', '0.5,1,2', '--out', at('spectrum.svg')];
    const fromFile = await mdensityJson<Spectrum>(
      'spectrum',
      '--covariance',
      at('c.npy'),
      ...options,
    );
    const fromList = await mdensityJson<Spectrum>('spectrum', '--variances', '2,0.5', ...options);
    expect(fromFile).toEqual(fromList);
    expect(fromFile.eigenvalues.length).toBe(6);
  });

  test.each([
    [['--sigma', '1'], /^--variances: give these, --covariance or --density/],
    [['--variances', '1,x', '--sigma', '1'], /^--variances: must be numbers/],
    [['--variances', '1,-2', '--sigma', '1'], /^variances\[1\]: -2 is not a variance/],
    [['--variances', '1'], /^--sigma: give either this/],
    [['--variances', '1', '--sigma', '0'], /^sigma: 0/],
  ])('refuses %j', async (options, message) => {
    expect(await refusal('spectrum', ...options)).toMatch(message);
  });
});

describe('bayes', () => {
  test('is μ + C(C + σ̃²)⁻¹(ȳ − μ) for a Gaussian', async () => {
    const y = Float64Array.of(0, 0, 2, 1, /**/ 3, -1, 1, 1);
    await writeNpy(at('y.npy'), y, [2, 2, 2]);
    await mdensityJson(
      'bayes',
      '--density',
      gaussian,
      '--sigma',
      '2',
      '--points',
      at('y.npy'),
      '--out',
      at('x.npy'),
    );
    const { data, shape } = await readNpy(at('x.npy'));
    expect(shape).toEqual([2, 2]);
    // σ̃² = 4/2; C + σ̃²I = [[4, ½], [½, 3]] with determinant 11.75.
    const estimate = (mean: readonly [number, number]) => {
      const [a, b] = [mean[0] - 1, mean[1] + 1];
      const [u, v] = [(3 * a - 0.5 * b) / 11.75, (-0.5 * a + 4 * b) / 11.75];
      return [1 + 2 * u + 0.5 * v, -1 + 0.5 * u + v];
    };
    const expected = [...estimate([1, 0.5]), ...estimate([2, 0])];
    expected.forEach((value, i) => {
      expect(Number(data[i])).toBeCloseTo(value, 10);
    });
  });

  test('names measurements of another dimension', async () => {
    await writeNpy(at('y3.npy'), new Float64Array(6), [2, 3]);
    expect(
      await refusal(
        'bayes',
        '--density',
        gaussian,
        '--sigma',
        '1',
        '--points',
        at('y3.npy'),
        '--out',
        at('x.npy'),
      ),
    ).toMatch(/y3\.npy: has shape \[2, 3\]; .* needs/);
  });
});

describe('walk', () => {
  type Result = WalkSummary & { readonly files: readonly string[]; readonly draws: number };
  const settings = ['--chains', '32', '--steps', '1000', '--burn-in', '100', '--seed', '3'];
  const walk = (...options: string[]) =>
    mdensityJson<Result>(
      'walk',
      '--density',
      gaussian,
      '--out',
      at('walk'),
      ...settings,
      ...options,
    );

  test.each([
    ['sachs', []],
    ['malt', ['--step-size', '0.3']],
    ['sachs', ['--mean-walk']],
    ['sachs', ['--walk', 'sequential', '--burn-in', '0', '--thin', '20']],
    ['sachs', ['--inverse-mass', '2']],
  ])('%s %j finds the mean and covariance of ȳ', async (kernel, options) => {
    const result = await walk(
      '--kernel',
      kernel,
      '--sigma',
      '1',
      '--measurements',
      '4',
      ...options,
    );
    // ȳ ~ N(μ, C + σ̃²I), σ̃² = 1/4. Five standard errors: an error rate below 1e-5 for each case.
    [1, -1].forEach((mean, i) => {
      expect(Math.abs(result.ybar.mean[i]! - mean)).toBeLessThan(5 * result.ybar.meanError[i]!);
    });
    [2.25, 0.5, 0.5, 1.25].forEach((value, i) => {
      expect(Math.abs(result.ybar.covariance[i]! - value)).toBeLessThan(0.35);
    });
    for (const ratio of result.rHat) expect(ratio).toBeLessThan(1.05);
    result.equipartition!.values.forEach((value, i) => {
      expect(Math.abs(value - 1)).toBeLessThan(5 * result.equipartition!.errors[i]!);
    });
    if (kernel === 'malt') expect(result.acceptance).toBeGreaterThan(0.8);
  });

  test('writes arrays of chains, draws, measurements, dimensions, and a figure', async () => {
    const result = await walk('--sigma', '1', '--measurements', '3', '--thin', '50', '--save-y');
    expect(result.draws).toBe(20);
    expect((await readNpy(at('walk/ybar.npy'))).shape).toEqual([32, 20, 2]);
    const y = await readNpy(at('walk/y.npy'));
    expect(y.shape).toEqual([32, 20, 3, 2]);
    const ybar = await readNpy(at('walk/ybar.npy'));
    expect((Number(y.data[0]) + Number(y.data[2]) + Number(y.data[4])) / 3).toBeCloseTo(
      Number(ybar.data[0]),
      5,
    );
    expect(result.files.map((name) => name.split('/').at(-1))).toContain('walk.svg');
  });

  test('walks the counts of a Poisson mixture', async () => {
    const poisson = file('poisson.json', {
      type: 'poisson',
      weights: [0.5, 0.5],
      intensities: [[2], [3]],
    });
    const result = await mdensityJson<Result>(
      ...[
        'walk',
        '--density',
        poisson,
        '--measurements',
        '2',
        '--step-size',
        '1',
        '--out',
        at('poisson'),
      ],
      ...['--chains', '16', '--steps', '400', '--thin', '1', '--burn-in', '20'],
    );
    // The sum of two counts has mean 2·2.5 and variance 5 + 4·¼.
    expect(Math.abs(result.ybar.mean[0]! - 5)).toBeLessThan(5 * result.ybar.meanError[0]!);
    expect(result.ybar.covariance[0]).toBeGreaterThan(5);
    expect(result.ybar.covariance[0]).toBeLessThan(7);
  });

  test('walks points of a file beside the JSON, and refuses those that are not numbers', async () => {
    await writeNpy(at('points.npy'), Float32Array.of(0, 0, 4, 0), [2, 2]);
    const points = file('points.json', { type: 'empirical', points: 'points.npy' });
    const result = await mdensityJson<Result>(
      ...['walk', '--density', points, '--sigma', '2', '--chains', '32', '--out', at('points')],
    );
    // Two points at 0 and 4 with noise 2: mean 2, variances 4 + 4 and 4.
    expect(Math.abs(result.ybar.mean[0]! - 2)).toBeLessThan(5 * result.ybar.meanError[0]!);
    expect(Math.abs(result.ybar.covariance[0]! - 8)).toBeLessThan(0.8);
    expect(Math.abs(result.ybar.covariance[3]! - 4)).toBeLessThan(0.4);
    await writeNpy(at('points.npy'), Float32Array.of(0, Number.NaN, 4, 0), [2, 2]);
    expect(
      await refusal('walk', '--density', points, '--sigma', '2', '--out', at('points')),
    ).toMatch(/points\.json: .*NaN/);
  });

  test('keeps what was drawn before a walk diverges', async () => {
    const message = await refusal(
      ...['walk', '--density', gaussian, '--sigma', '0.5', '--out', at('diverged')],
      ...[
        '--step-size',
        '9',
        '--friction',
        '0.1',
        '--burn-in',
        '0',
        '--thin',
        '1',
        '--steps',
        '500',
      ],
    );
    expect(message).toMatch(/chain \d+, step \d+: .* draws before it are in/);
    expect((await readNpy(at('diverged/ybar.npy'))).shape[1]).toBeGreaterThan(1);
  });

  test.each(['/proc/none/walk', '/dev/null/walk'])(
    'that cannot write to %s says so before its first step',
    async (out) => {
      const steps = ['--steps', String(2 ** 40)];
      const message = await refusal(
        ...['walk', '--density', gaussian, '--sigma', '1', ...steps, '--out', out],
      );
      expect(message).toContain(out);
    },
  );

  test('stopped while it reads its draws, keeps them', async () => {
    const out = at('read');
    const options = ['--chains', '64', '--steps', '8000', '--thin', '1', '--burn-in', '0'];
    const { code, stderr } = await interrupted(
      ['walk', '--density', gaussian, '--sigma', '1', ...options, '--out', out],
      () => existsSync(join(out, 'xhat.npy')),
    );
    expect(code).toBe(130);
    expect((await readNpy(join(out, 'xhat.npy'))).shape).toEqual([64, 8000, 2]);
    expect(existsSync(join(out, 'walk.json'))).toBe(false);
    expect(withoutProgress(stderr).at(-1)).toContain('stopped; 8000 draws before it are in');
  });

  test.each([
    [['--density', 'two-moon', '--sigma', '1'], /Did you mean "two-moons"\?/],
    [['--density', gaussian], /^--sigma: is missing/],
    [
      ['--density', gaussian, '--sigma', '1', '--thin', '30', '--steps', '20'],
      /^--thin 30: .* at most 20/,
    ],
    [['--density', gaussian, '--sigma', '1', '--kernel', 'sach'], /Did you mean "sachs"\?/],
    [
      ['--density', gaussian, '--sigma', '1', '--kernel', 'tau-leap'],
      /another kind of measurement/,
    ],
    [
      [
        '--density',
        file('w.json', { type: 'mixture', weights: [0.5], means: [[0]], covariances: [[[1]]] }),
        '--sigma',
        '1',
      ],
      /w\.json: weights: they sum to 0\.5/,
    ],
    [
      [
        '--density',
        file('c.json', {
          type: 'gaussian',
          mean: [0, 0],
          covariance: [
            [1, 2],
            [2, 1],
          ],
        }),
        '--sigma',
        '1',
      ],
      /c\.json: covariance: not positive semidefinite/,
    ],
  ])('refuses %j', async (options, message) => {
    expect(await refusal('walk', ...options, '--out', at('refused'))).toMatch(message);
  });
});
