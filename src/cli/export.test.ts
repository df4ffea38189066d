/** `mdensity export` and `mdensity import`, and that each takes what the other gives. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeSafeTensors, encodeSafeTensors } from '../data/index.ts';
import { exportOnnx, mul } from '../graph/index.ts';
import { createModel, exportDenoiser, type ModelConfig, nameWeights } from '../model/index.ts';
import { findPreset, initializeParameters } from '../nn/index.ts';
import { mdensity, mdensityJson, refusal, workFolder } from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
const run = at('run');
const model = join(run, 'model.onnx');
const config: ModelConfig = {
  parametrization: 'gps',
  view: 'denoised',
  noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
  shape: [1, 28, 28],
  network: findPreset('unet-s').config,
};
const trained = { config, parameters: initializeParameters(createModel(config).specs, 4) };
/** A U-Net's weights from elsewhere: without metadata. */
const theirs = at('theirs.safetensors');
const whatTheyAre = ['--net', 'unet-s', '--shape', '1,28,28', '--sigma', '0.5'];

beforeAll(async () => {
  await mdensityJson(
    ...['train', '--net', 'digits8', '--data', 'digits8', '--limit', '100', '--batch', '8'],
    ...['--sigma', '0.4', '--steps', '2', '--out', run],
  );
  await writeFile(theirs, encodeSafeTensors({ tensors: nameWeights(trained), metadata: {} }));
});

describe('export', () => {
  test('to ONNX is the run’s own model again, or one of half precision', async () => {
    const { bytes, ...facts } = await mdensityJson<{ bytes: number }>(
      ...['export', '--model', run, '--out', at('again.onnx')],
    );
    expect(facts).toEqual({
      file: at('again.onnx'),
      format: 'onnx',
      half: false,
      parameters: 37_633,
    });
    expect((await readFile(at('again.onnx'))).equals(await readFile(model))).toBe(true);
    const half = await mdensityJson<{ bytes: number }>(
      ...['export', '--model', model, '--out', at('half.onnx'), '--half'],
    );
    expect(half.bytes).toBe((await readFile(at('half.onnx'))).length);
    expect(bytes - half.bytes).toBeGreaterThan(37_633 * 2 * 0.9);
    const args = ['--chains', '2', '--steps', '2', '--jump-every', '1', '--out', at('half.npy')];
    expect(await mdensityJson('sample', '--model', at('half.onnx'), ...args)).toMatchObject({
      sigma: 0.4,
    });
  });

  test('to safetensors holds the moving average of the last checkpoint', async () => {
    const out = at('weights.bin');
    await mdensityJson('export', '--model', run, '--out', out, '--format', 'safetensors');
    const { tensors, metadata } = decodeSafeTensors(await readFile(out), out);
    expect(JSON.parse(metadata.mdensity!)).toMatchObject({
      noise: { sigma: 0.4 },
      shape: [1, 8, 8],
    });
    const checkpoint = join(run, 'checkpoints', 'step-00000002.safetensors');
    const saved = decodeSafeTensors(await readFile(checkpoint), checkpoint).tensors;
    const average = Object.entries(saved).filter(([name]) => name.startsWith('average.'));
    expect(tensors).toEqual(
      Object.fromEntries(average.map(([name, array]) => [name.replace('average.', ''), array])),
    );
  });

  test('says what it wrote', async () => {
    const args = ['export', '--model', run, '--out', at('said.safetensors'), '--half'];
    expect((await mdensity(...args)).stdout).toMatch(
      /^wrote \S+said\.safetensors: 37,633 parameters in half precision, 0\.08 MB\n$/,
    );
  });

  test('refuses, in one line', async () => {
    const foreign = at('foreign.onnx');
    const names = { shape: [1, 8, 8], inputName: 'in', outputName: 'out' };
    await writeFile(foreign, exportOnnx({ build: (x) => mul(x, 0.5), ...names }));
    const base = ['export', '--out', at('never.onnx'), '--model'];
    expect(await refusal(...base, foreign)).toMatch(/foreign\.onnx: is from elsewhere, /);
    expect(await refusal(...base, theirs)).toMatch(/theirs\.safetensors: not an ONNX file/);
    expect(await refusal(...base, at('nowhere'))).toMatch(/nowhere: no such run, model or file/);
    expect(await refusal(...base, run, '--format', 'onx')).toMatch(/Did you mean "onnx"\?$/);
    expect(await refusal('export', '--model', run, '--out', at('model.pt'))).toMatch(
      /model\.pt: does not end in \.onnx or \.safetensors; name it so, or give --format$/,
    );
    expect(existsSync(at('never.onnx'))).toBe(false);
  });
});

describe('train --init', () => {
  const train = (out: string, ...args: string[]) => [
    ...['train', '--net', 'digits8', '--data', 'digits8', '--limit', '100', '--batch', '8'],
    ...['--sigma', '0.4', '--steps', '2', '--warmup', '0', '--out', at(out), ...args],
  ];
  /** Parameters at a step of a run. */
  const parametersOf = async (out: string, step: number) => {
    const path = at(out, 'checkpoints', `step-0000000${step}.safetensors`);
    const { tensors } = decodeSafeTensors(await readFile(path), path);
    const own = Object.entries(tensors).filter(([name]) => name.startsWith('parameters.'));
    return Object.fromEntries(own.map(([name, { data }]) => [name.split('parameters.')[1]!, data]));
  };

  test('starts from weights by name, wherever they come from', async () => {
    await mdensityJson('export', '--model', run, '--out', at('start.safetensors'));
    const { tensors } = decodeSafeTensors(await readFile(at('start.safetensors')), 'f');
    const start = Object.fromEntries(Object.entries(tensors).map(([k, { data }]) => [k, data]));
    for (const [out, init] of [
      ['from-run', run],
      ['from-file', at('start.safetensors')],
    ] as const) {
      await mdensityJson(...train(out, '--init', init));
      expect(await parametersOf(out, 0)).toEqual(start);
      expect(await parametersOf(out, 2)).not.toEqual(start);
    }
    const model2 = await readFile(at('from-run', 'model.onnx'));
    expect((await readFile(at('from-file', 'model.onnx'))).equals(model2)).toBe(true);
    expect(model2.equals(await readFile(model))).toBe(false);
  });

  test('a run stopped before its first checkpoint still knows them', async () => {
    const last = at('from-file', 'checkpoints', 'step-00000002.safetensors');
    const bytes = await readFile(last);
    await rm(last);
    await mdensityJson('train', '--out', at('from-file'), '--resume');
    expect((await readFile(last)).equals(bytes)).toBe(true);
  });

  test('is recorded, and cannot change when the run is resumed', async () => {
    const record = JSON.parse(await readFile(at('from-run', 'run.json'), 'utf8'));
    expect(record.start).toBe(run);
    await mdensityJson('train', '--out', at('from-run'), '--resume', '--init', run);
    expect(await refusal('train', '--out', at('from-run'), '--resume', '--init', 'other')).toMatch(
      /^--init other: the run in .* started from .*; leave --init out to resume it, or start another/,
    );
  });

  test('of weights for another network leaves nothing behind', async () => {
    expect(await refusal(...train('none', '--init', theirs))).toMatch(
      /theirs\.safetensors: does not fit the network: 34 missing \(/,
    );
    expect(existsSync(at('none'))).toBe(false);
  });
});

describe('import', () => {
  test('of what export wrote needs nothing more', async () => {
    await mdensityJson('export', '--model', run, '--out', at('own.safetensors'));
    const args = ['--weights', at('own.safetensors'), '--out', at('own.onnx')];
    expect(await mdensityJson('import', ...args)).toEqual({
      file: at('own.onnx'),
      parameters: 37_633,
      matched: 34,
      missing: [],
      extra: [],
      misshapen: [],
    });
    expect((await readFile(at('own.onnx'))).equals(await readFile(model))).toBe(true);
  });

  test('of weights from elsewhere, by name', async () => {
    const out = at('theirs.onnx');
    await mdensityJson('import', '--weights', theirs, '--out', out, ...whatTheyAre);
    const expected = exportDenoiser(config, trained.parameters);
    expect((await readFile(out)).equals(expected)).toBe(true);
    await mdensityJson(
      ...['import', '--weights', theirs, '--out', out, ...whatTheyAre],
      ...['--time', '250', '--view', 'noise', '--measurements', '4'],
    );
    expect(await mdensityJson('info', out)).toMatchObject({
      model: { view: 'noise', noise: { measurements: 4 }, network: { type: 'unet', time: 250 } },
    });
  });

  test('of weights for another network is one line; --json lists all', async () => {
    const args = ['import', '--weights', theirs, '--out', at('never.onnx'), ...whatTheyAre];
    const other = [...args, '--net', 'unet-64'];
    expect(await refusal(...other)).toMatch(
      /theirs\.safetensors: does not fit the network: \d+ missing \(.*, …\), .*\d+ misshapen \(time_embed\.0\.weight is \[128, 32\], not \[256, 64\], .*; 1 of \d+ parameters fit\. Give/,
    );
    const { code, stdout } = await mdensity(...other, '--json');
    const report = JSON.parse(stdout) as { missing: string[]; misshapen: object[] };
    expect(code).toBe(1);
    expect(report.missing.length + report.misshapen.length).toBeGreaterThan(20);
    const colour = await refusal(...args, '--shape', '3,28,28');
    expect(colour).toMatch(/: 3 misshapen \(input_blocks\.0\.0\.weight is \[32, 1, 3, 3\], not /);
    expect(existsSync(at('never.onnx'))).toBe(false);
  });

  test.each([
    [['--shape', '1,28,28', '--sigma', '1'], /^--net: is missing, and .* give it, such as --net/],
    [['--net', 'unet-s', '--sigma', '1'], /^--shape: is missing, and .* does not say it; give/],
    [['--net', 'unet-s', '--shape', '1,28,28'], /^--sigma: is missing/],
    [[...whatTheyAre, '--shape', '1,x'], /^--shape: .*it is "1,x"/],
    [[...whatTheyAre, '--shape', '1,27,28'], /^unet: with 3 levels takes images/],
    [[...whatTheyAre, '--net', 'unet-z'], /^network "unet-z" is not known\. Did you mean "unet-/],
    [[...whatTheyAre, '--net', 'digits', '--time', '1'], /^--time 1: a network of type additive/],
    [
      [...whatTheyAre, '--rate', '2'],
      /^--rate 2: parametrization gps is of Gaussian noise, which has a --sigma; leave it out/,
    ],
    [
      [...whatTheyAre, '--parametrization', 'poisson'],
      /^--sigma [\d.]+: parametrization poisson is of counts, which have a --rate; leave it out/,
    ],
    [['--weights', model], /model\.onnx: is an ONNX model; give its weights as safetensors/],
  ])('refuses %j', async (args, finds) => {
    const base = ['import', '--weights', theirs, '--out', at('never.onnx')];
    expect(await refusal(...base, ...args)).toMatch(finds);
  });
});
