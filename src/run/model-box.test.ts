import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { mdensity, mdensityJson, refusal, workFolder } from '../cli/testing.ts';
import { readRecord } from './index.ts';
import { BOX_LIMIT, boxNames, boxPath } from './model-box.ts';
import { loadModel } from './model-file.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
const shipped = boxNames().map((name) => ({ name, path: boxPath(name) }));

/** A run of two steps at this noise. */
const train = (out: string, sigma: string) =>
  mdensityJson(
    ...['train', '--net', 'digits8', '--data', 'digits8', '--limit', '50', '--batch', '8'],
    ...['--sigma', sigma, '--steps', '2', '--out', out],
  );

/** The effective noise of what a name means. */
async function noiseOf(model: string): Promise<number> {
  const args = ['--out', at('samples.npy'), '--chains', '2', '--steps', '1', '--jump-every', '1'];
  const { sigma } = await mdensityJson<{ sigma: number }>('sample', '--model', model, ...args);
  return sigma;
}

describe('a box of one model', () => {
  const home = process.cwd();

  beforeAll(async () => {
    await train(at('box-run'), '0.4');
    await mkdir(at('models', 'tiny'), { recursive: true });
    await mkdir(at('models', 'unfinished'));
    for (const name of ['model.onnx', 'run.json']) {
      await copyFile(at('box-run', name), at('models', 'tiny', name));
    }
    await writeFile(at('models', 'tiny', 'README.md'), '# tiny\n');
    await writeFile(at('models', 'README.md'), '# Models\n');
    await mkdir(at('here'));
    vi.stubEnv('MDENSITY_MODELS', at('models'));
    process.chdir(at('here'));
  });
  afterAll(() => {
    process.chdir(home);
    vi.unstubAllEnvs();
  });

  test('is sampled by name', async () => {
    expect(await noiseOf('tiny')).toBe(0.4);
  });

  test('is listed by info, and told of', async () => {
    const { models } = await mdensityJson<{ models: Record<string, string> }>('info');
    expect(models).toEqual({ tiny: 'digits8, 1×8×8, σ̃ = 0.4' });
    expect((await mdensity('info')).stdout).toMatch(/models\s+tiny\s+digits8/);
    expect(await mdensityJson('info', 'tiny')).toMatchObject({
      model: { noise: { sigma: 0.4 } },
      card: at('models', 'tiny', 'README.md'),
    });
  });

  test('is proposed for a name nearly its own', async () => {
    for (const command of [['sample', '--out', at('never.npy'), '--model'], ['info']]) {
      expect(await refusal(...command, 'tinny')).toBe(
        `tinny: no such run, model or file. Did you mean "tiny"? Give a run's directory, the name of one in runs/, a model in the box (tiny), a pretrained model (see mdensity models), or an .onnx file`,
      );
    }
    expect(await refusal('info', 'unfinished')).toMatch(/^unfinished: no such run, model or file/);
  });

  test('comes after a run of that name, and after a path; other folders do not hide it', async () => {
    await mkdir('tiny');
    expect(await noiseOf('tiny')).toBe(0.4);
    await train(join('runs', 'tiny'), '0.3');
    expect(await noiseOf('tiny')).toBe(0.3);
    await train('tiny', '0.2');
    expect(await noiseOf('tiny')).toBe(0.2);
    expect(await mdensityJson('info', 'tiny')).toMatchObject({ model: { noise: { sigma: 0.2 } } });
  });
});

test('without a box there is none', async () => {
  vi.stubEnv('MDENSITY_MODELS', at('nowhere'));
  expect(boxNames()).toEqual([]);
  expect((await mdensityJson<{ models: object }>('info')).models).toEqual({});
  expect(await refusal('info', 'tiny')).toMatch(
    /in runs\/, a pretrained model \(see mdensity models\), or an \.onnx file$/,
  );
  vi.unstubAllEnvs();
});

test('the package ships its box', async () => {
  const { files } = JSON.parse(await readFile('package.json', 'utf8')) as { files: string[] };
  expect(files).toContain('models');
});

test.runIf(shipped.length > 0).each(shipped)(
  '$name in the box is whole and small',
  async ({ path }) => {
    expect((await stat(join(path, 'model.onnx'))).size).toBeLessThanOrEqual(BOX_LIMIT);
    expect(existsSync(join(path, 'README.md'))).toBe(true);
    const { model } = await readRecord(path);
    const denoiser = await loadModel(path, {});
    expect(denoiser.config).toEqual(model);
    await denoiser.release();
  },
);
