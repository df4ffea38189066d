import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { loadDataset } from '../data/node/index.ts';
import { loadModel } from './model-file.ts';
import { resumeRun } from './run.ts';
import { readRecord } from './run-directory.ts';

const folder = mkdtempSync(join(tmpdir(), 'mdensity-old-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of a run that version 0.1 trained for 40 steps on the 8×8 digits, σ = 1/2 and M = 4. */
function oldRun(): string {
  const run = join(folder, 'run');
  cpSync(fileURLToPath(new URL('./fixtures/run-0.1', import.meta.url)), run, { recursive: true });
  return run;
}

test('a run of 0.1 is read, opened and gone on with', async () => {
  const run = oldRun();
  const { model, training } = await readRecord(run);
  expect(model.noise).toEqual({ type: 'gaussian', sigma: 0.5, measurements: 4 });
  expect(training).toMatchObject({ steps: 40, seed: 3, emaRamp: 'none' });
  const denoiser = await loadModel(run, { device: 'cpu' });
  expect(denoiser).toMatchObject({ shape: [1, 8, 8], sigma: 0.25 });
  const xhat = new Float32Array(64);
  await denoiser.denoise(new Float32Array(64).fill(0.5), xhat);
  expect(xhat.every(Number.isFinite)).toBe(true);
  await denoiser.release();
  const dataset = await loadDataset('digits8');
  const result = await resumeRun({ directory: run, dataset, threads: 1, device: 'cpu' });
  expect(result).toMatchObject({ step: 40, finished: true });
});
