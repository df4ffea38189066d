/** What the tests of evaluations share. */
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import type { SampledFeatures } from '../evaluate/index.ts';
import type { Findings } from '../evaluate/measure.ts';
import { mdensityJson, workFolder } from './testing.ts';

/** `evaluation.json`, and the files beside it. */
export interface Evaluation {
  readonly findings: Findings;
  readonly seconds: SampledFeatures['seconds'] & { readonly metrics: number };
  readonly files: readonly string[];
  readonly [name: string]: unknown;
}

/** A folder with a run on 200 digits, and the words of a command that evaluates it. */
export function trainedRun() {
  const work = workFolder();
  const at = (...names: string[]) => join(work, ...names);
  // Features of data are cached below it; processes that are started here inherit it.
  process.env.MDENSITY_DATA = at('cache');
  const run = at('run');
  const walk = ['--chains', '20', '--draws', '12', '--jump-every', '2', '--burn-in', '4'];
  const byPixels = ['evaluate', '--features', 'pixels'];
  beforeAll(async () => {
    const data = ['--data', 'digits8', '--limit', '200', '--net', 'digits8'];
    const settings = ['--sigma', '0.5', '--measurements', '4', '--batch', '16', '--steps', '20'];
    await mdensityJson('train', ...data, ...settings, '--out', run);
  });
  return { at, run, walk, byPixels, ofRun: [...byPixels, '--model', run, ...walk] };
}
