/** `mdensity average`, from training to sampling. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { mdensityJson, refusal, workFolder } from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
const run = at('run');

beforeAll(async () => {
  await mdensityJson(
    ...['train', '--net', 'digits8', '--data', 'digits8', '--limit', '100', '--batch', '8'],
    ...['--steps', '6', '--snapshot-every', '2', '--out', run],
  );
});

test('makes a model that can be walked', async () => {
  const out = at('average.onnx');
  const made = await mdensityJson('average', '--model', run, '--length', '0.1', '--out', out);
  expect(made).toEqual({
    file: out,
    length: 0.1,
    step: 6,
    snapshots: 3,
    error: expect.closeTo(0, 4),
  });
  const walk = ['--chains', '2', '--steps', '2', '--jump-every', '1', '--out', at('samples.npy')];
  expect(await mdensityJson('sample', '--model', out, ...walk)).toMatchObject({ sigma: 0.5 });
});

test('refuses an average longer than the run, a step without a snapshot and what is no run', async () => {
  const out = at('never.onnx');
  const average = (...args: string[]) => refusal('average', '--out', out, ...args);
  expect(await average('--model', run, '--length', '0.5')).toMatch(/longer than the run/);
  expect(await average('--model', run, '--step', '3')).toMatch(/no snapshot of step 3/);
  expect(await average('--model', join(run, 'model.onnx'))).toMatch(/is a file/);
  expect(existsSync(out)).toBe(false);
});
