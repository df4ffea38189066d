import { cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeNpy, encodeNpy } from '../data/index.ts';
import { evaluationFolder } from '../evaluate/model/files.ts';
import { boxPath } from '../run/model-box.ts';
import { interrupted, mdensity, mdensityJson, refusal, withoutProgress } from './testing.ts';
import { type Evaluation, trainedRun } from './testing-evaluation.ts';

const { at, run, walk, byPixels, ofRun } = trainedRun();
const cached = async () => (await readdir(at('cache', 'features'))).sort();

let whole: Evaluation;

beforeAll(async () => {
  whole = await mdensityJson<Evaluation>(...ofRun);
});

describe('an evaluation of a run', () => {
  test('says what was compared with what, and what was found', async () => {
    const { findings, seconds, versions, files, ...rest } = whole;
    expect(rest).toEqual({
      model: run,
      walk: {
        measurements: 4,
        kernel: 'sachs',
        stepSize: 0.5,
        friction: 0.5,
        chains: 20,
        jumpEvery: 2,
        burnIn: 4,
        seed: 0,
      },
      samples: 240,
      chains: 20,
      draws: 12,
      shape: [1, 8, 8],
      data: { name: 'digits8', count: 200, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      features: { name: 'pixels', dimension: 64, id: 'pixels' },
    });
    expect(findings).toMatchObject({
      frechet: { name: 'fd-pixels', distance: expect.any(Number) },
      kernel: { mean: expect.any(Number), standardError: expect.any(Number) },
      coverage: { precision: expect.any(Number), recall: expect.any(Number) },
      memorisation: { nearest: expect.any(Array) },
      chains: { chains: 20, draws: 12, scoreCallsPerDraw: 3 },
    });
    expect(findings.memorisation!.nearest).toHaveLength(20);
    expect(Object.keys(seconds).sort()).toEqual(['features', 'metrics', 'walking']);
    const names = ['evaluation.json', 'samples.png', 'chains.png', 'nearest.png'];
    expect(files).toEqual(names.map((name) => join(run, 'evaluation', name)));
    const { files: _, ...written } = whole;
    expect(JSON.parse(await readFile(files[0]!, 'utf8'))).toEqual(written);
    // Nothing of the progress is left.
    expect((await readdir(join(run, 'evaluation'))).sort()).toEqual([...names].sort());
    // 8 chains × 12 draws, and 20 pairs; images of 8 pixels at seven times their size, padding 2.
    const sizes = await Promise.all(files.slice(1).map((file) => sharp(file).metadata()));
    const pixels = (n: number) => (n * 10 + 2) * 7;
    expect(sizes.map(({ width, height }) => [width, height])).toEqual([
      [pixels(5), pixels(4)],
      [pixels(12), pixels(8)],
      [pixels(20), pixels(2)],
    ]);
  });

  test('says so in lines for a person', async () => {
    const { code, stdout, stderr } = await mdensity(...ofRun, '--out', at('lines'));
    expect({ code, said: withoutProgress(stderr) }).toEqual({ code: 0, said: [] });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.slice(0, 22).trim())).toEqual([
      ...['fd-pixels', 'kernel distance', 'precision, recall', 'density, coverage'],
      ...['copies, by features', 'copies, by pixels', 'effective samples', 'R̂ across chains'],
      ...['longest stuck', expect.stringMatching(/^wrote /)],
    ]);
    expect(lines[0]).toContain(whole.findings.frechet!.distance.toPrecision(4));
  });

  test('is the same again, and another with another member, seed or data', async () => {
    const args = [...ofRun, '--metrics', 'fd', '--out', at('again')];
    const again = await mdensityJson<Evaluation>(...args);
    expect(again.findings).toEqual({ frechet: whole.findings.frechet });
    for (const other of [
      ['--measurements', '1'],
      ['--seed', '1'],
      ['--limit', '150'],
    ]) {
      const { findings } = await mdensityJson<Evaluation>(...args, ...other);
      expect(findings.frechet).not.toEqual(whole.findings.frechet);
    }
  });

  test('measures what is asked for, once each, and chains where draws allow', async () => {
    const args = [...ofRun, '--out', at('some'), '--draws', '6'];
    const some = await mdensityJson<Evaluation>(...args, '--metrics', 'kid, pr,kid');
    expect(Object.keys(some.findings)).toEqual(['kernel', 'coverage']);
    expect(await readdir(at('some'))).not.toContain('nearest.png');
    const all = await mdensityJson<Evaluation>(...args);
    expect(Object.keys(all.findings)).toEqual(['frechet', 'kernel', 'coverage', 'memorisation']);
    expect(await refusal(...args, '--metrics', 'kid,chains')).toBe(
      '--chains 20 --draws 6: chains need at least 10 draws each to be judged; give more, or leave chains out of the metrics',
    );
  });
});

describe('features of the data', () => {
  /** Of the 200 examples that the run was trained on. */
  const kept200 = () => {
    const { hash } = whole.data as { readonly hash: string };
    return at('cache', 'features', `pixels-pixels-${hash.slice(0, 24)}.npy`);
  };
  const fd = [...byPixels, '--metrics', 'fd', '--model', run, ...walk, '--out', at('fd')];
  const measured = async (...args: readonly string[]) =>
    (await mdensityJson<Evaluation>(...fd, ...args)).findings.frechet;

  test('are kept, and used the next time', async () => {
    const path = kept200();
    const kept = await readFile(path);
    const { data, shape } = decodeNpy(kept, path);
    expect(shape).toEqual([200, 64]);
    const { mtimeMs } = await stat(path);
    expect(await measured()).toEqual(whole.findings.frechet);
    expect((await stat(path)).mtimeMs).toBe(mtimeMs);
    // Others in their place give another distance: they are what was compared with.
    await writeFile(
      path,
      encodeNpy(
        (data as Float32Array).map((x) => 1 - x),
        shape,
      ),
    );
    expect(await measured()).not.toEqual(whole.findings.frechet);
    await writeFile(path, kept);
  });

  test('are made anew where the file is spoilt or gone, and apart for other data', async () => {
    const before = await cached();
    const path = kept200();
    const kept = await readFile(path);
    await truncate(path, kept.length - 100);
    expect(await measured()).toEqual(whole.findings.frechet);
    expect(kept.equals(await readFile(path))).toBe(true);
    await writeFile(path, encodeNpy(new Float32Array(64), [1, 64]));
    expect(await measured()).toEqual(whole.findings.frechet);
    expect(kept.equals(await readFile(path))).toBe(true);
    await measured('--limit', '120');
    const after = (await cached()).filter((file) => !before.includes(file));
    expect(after).toEqual([expect.stringMatching(/^pixels-pixels-[0-9a-f]{24}\.npy$/)]);
    expect(kept.equals(await readFile(path))).toBe(true);
  });
});

test('results go to the run, and nothing to what comes with the package', async () => {
  const folder = (model: string) => evaluationFolder({ model });
  expect(await folder(run)).toBe(join(run, 'evaluation'));
  expect(await folder(join(run, 'model.onnx'))).toBe(join(run, 'evaluation'));
  for (const model of [
    'mnist',
    boxPath('mnist'),
    join(boxPath('mnist'), 'model.onnx'),
    'models/mnist',
  ]) {
    expect(await folder(model)).toBe('evaluation/mnist');
  }
  await writeFile(at('foreign.onnx'), await readFile(join(run, 'model.onnx')));
  expect(await folder(at('foreign.onnx'))).toBe('evaluation/foreign');
  expect(await evaluationFolder({ samples: 'a/b.npy' })).toBe('evaluation/b');
  expect(await evaluationFolder({ model: 'mnist', out: 'o' })).toBe('o');
});

test('samples are kept until results are written', async () => {
  const out = at('unwritten');
  const args = [...ofRun, '--metrics', 'fd', '--out', out];
  await mkdir(join(out, 'evaluation.json'), { recursive: true });
  expect(await refusal(...args)).toMatch(/evaluation\.json: is a folder/);
  const kept = (await readdir(out)).filter((name) => /^progress-\w+\.bin$/.test(name));
  expect(kept).toHaveLength(1);
  await rm(join(out, 'evaluation.json'), { recursive: true });
  const { findings } = await mdensityJson<Evaluation>(...args);
  expect(findings.frechet).toEqual(whole.findings.frechet);
  expect(await readdir(out)).not.toContain(kept[0]);
});

test('stopped by Ctrl-C, or killed, the same command goes on to the same numbers', async () => {
  const args = [
    ...[...byPixels, '--model', run, '--metrics', 'fd,chains', '--chains', '16'],
    ...['--draws', '150', '--jump-every', '5', '--burn-in', '8'],
  ];
  const { findings, samples } = await mdensityJson<Evaluation>(...args, '--out', at('whole'));
  const [out, killed] = [at('interrupted'), at('killed')];
  // A folder that gains its name while it is looked at is looked at again.
  const saved = async () =>
    (await readdir(out).catch(() => [])).find((name) => /^progress-\w+\.bin$/.test(name));
  // What a kill would leave behind is there while it runs.
  const { code, stdout, stderr } = await interrupted([...args, '--out', out], async () => {
    const file = await saved();
    if (file) await cp(join(out, file), join(killed, file));
    return Boolean(file);
  });
  expect({ code, stdout, said: withoutProgress(stderr) }).toEqual({
    code: 130,
    stdout: '',
    said: [expect.stringMatching(/^mdensity: stopped after [1-9]\d* of 150 draws, saved; /)],
  });
  for (const folder of [out, killed]) {
    const resumed = await mdensityJson<Evaluation>(...args, '--out', folder);
    expect(resumed).toMatchObject({ findings, samples });
    expect((await readdir(folder)).some((name) => name.startsWith('progress'))).toBe(false);
  }
});
