import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type RunRecord, type RunResult, readEvaluations } from '../run/index.ts';
import { interrupted, mdensityJson, refusal, workFolder } from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
process.env.MDENSITY_DATA = at('cache');

const settings = [
  ...['train', '--net', 'digits8', '--data', 'digits8', '--limit', '150', '--batch', '8'],
  ...['--sigma', '0.25', '--save-every', '4', '--log-every', '4', '--ema', '0.5', '--seed', '3'],
];
const watched = [
  ...[...settings, '--steps', '20', '--distance-every', '5', '--features', 'pixels'],
  ...['--distance-chains', '10', '--distance-draws', '8', '--stop-metric', 'fd-pixels'],
];
const resume = (out: string) => ['train', '--out', out, '--resume'];

const recordOf = async (out: string) =>
  JSON.parse(await readFile(join(out, 'run.json'), 'utf8')) as RunRecord;

/** What a run found and left, to the bit. */
async function finished(out: string) {
  const digest = async (name: string) =>
    createHash('sha256')
      .update(await readFile(join(out, name)))
      .digest('hex');
  const files = ['model.onnx', 'best.onnx', 'checkpoints/best.safetensors'];
  return {
    evaluations: await readEvaluations(out),
    digests: await Promise.all(files.map(digest)),
    checkpoints: (await readdir(join(out, 'checkpoints'))).sort(),
  };
}

const whole = at('whole');
let result: RunResult;
beforeAll(async () => {
  result = await mdensityJson<RunResult>(...watched, '--out', whole);
});

describe('the distance that training watches', () => {
  test('stands in the metrics, and the model of the lowest is kept', async () => {
    const evaluations = await readEvaluations(whole);
    expect(evaluations.map(({ step }) => step)).toEqual([5, 10, 15, 20]);
    const found = evaluations.map(({ metrics }) => metrics['fd-pixels']!);
    expect(found.every((fd) => fd > 0 && Number.isFinite(fd))).toBe(true);
    const value = Math.min(...found);
    const step = 5 * (1 + found.indexOf(value));
    expect(result.best).toEqual({ metric: 'fd-pixels', step, value });
    expect(existsSync(join(whole, 'best.onnx'))).toBe(true);
    expect((await recordOf(whole)).evaluation).toEqual({
      every: { distance: 5 },
      settings: { distance: { features: 'pixels', chains: 10, draws: 8 } },
      stopMetric: 'fd-pixels',
      patience: 5,
    });
  });

  test('goes on as it began in a run that was stopped, to the same bits', async () => {
    const out = at('stopped');
    const start = [...watched, '--out', out];
    const { code, stderr } = await interrupted(
      start,
      async () => existsSync(out) && (await readEvaluations(out)).length > 0,
    );
    expect(code, stderr).toBe(130);
    expect((await readEvaluations(out)).length).toBeLessThan(4);
    // Nothing of the distance is given: it is as it was recorded.
    expect(await mdensityJson<RunResult>(...resume(out))).toMatchObject({ best: result.best });
    expect(await finished(out)).toEqual(await finished(whole));
    expect((await recordOf(out)).evaluation).toEqual((await recordOf(whole)).evaluation);
  });

  test('is refused in a resumed run with other settings', async () => {
    const other = (...args: string[]) => refusal(...resume(whole), ...args);
    expect(await other('--distance-chains', '12')).toMatch(
      /^distance: chains was 10 in .*whole and is 12; go on with the same, or start another run$/,
    );
    expect(await other('--distance-draws', '9')).toMatch(/^distance: draws was 8 in .* and is 9;/);
    expect(await other('--features', 'digits8')).toMatch(
      /^distance: features was pixels in .* and is digits8;/,
    );
    expect(await other('--stop-metric', 'fd-digits8')).toMatch(
      /^--stop-metric fd-digits8: .* watches fd-pixels;/,
    );
    const same = ['--distance-chains', '10', '--distance-draws', '8', '--features', 'pixels'];
    expect(await mdensityJson<RunResult>(...resume(whole), ...same)).toMatchObject({
      finished: true,
    });
  });

  test.each([
    [
      'too few samples',
      [
        '--distance-every',
        '5',
        '--features',
        'pixels',
        '--distance-chains',
        '4',
        '--distance-draws',
        '16',
      ],
      /^--distance-chains 4 --distance-draws 16: 64 samples are too few for the covariance of 64 pixels features; at least 65 are/,
    ],
    [
      'features of another shape',
      ['--distance-every', '5', '--features', 'mnist'],
      /^--features mnist: takes images \[1, 28, 28\]/,
    ],
    [
      'settings of no distance',
      ['--distance-chains', '12'],
      /^--distance-chains 12: of what\? Give --distance-every too$/,
    ],
    ['a metric that nothing reports', ['--stop-metric', 'fd-pixels'], /fd-pixels/],
  ] as const)('is refused with %s', async (_, args, said) => {
    const out = at('refused');
    expect(await refusal(...settings, '--steps', '5', ...args, '--out', out)).toMatch(said);
    expect(existsSync(out)).toBe(false);
  });
});
