import { existsSync } from 'node:fs';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { decodeNpy, encodeNpy } from '../data/index.ts';
import type { SampledFeatures } from '../evaluate/index.ts';
import type { Findings } from './evaluation/evaluation.ts';
import { evaluationFolder } from './evaluation/evaluation-files.ts';
import { boxPath } from './model-box.ts';
import {
  mdensity,
  mdensityJson,
  refusal,
  startMdensity,
  withoutProgress,
  workFolder,
} from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
// Features of data are cached below it; processes that are started here inherit it.
process.env.MDENSITY_DATA = at('cache');
const cached = async () => (await readdir(at('cache', 'features'))).sort();

const run = at('run');
const walk = ['--chains', '20', '--draws', '12', '--jump-every', '2', '--burn-in', '4'];
const byPixels = ['evaluate', '--features', 'pixels'];
const ofRun = [...byPixels, '--model', run, ...walk];

interface Evaluation {
  readonly findings: Findings;
  readonly seconds: SampledFeatures['seconds'] & { readonly metrics: number };
  readonly files: readonly string[];
  readonly [name: string]: unknown;
}

let whole: Evaluation;

beforeAll(async () => {
  const data = ['--data', 'digits8', '--limit', '200', '--net', 'digits8'];
  const settings = ['--sigma', '0.5', '--measurements', '4', '--batch', '16', '--steps', '20'];
  await mdensityJson('train', ...data, ...settings, '--out', run);
  whole = await mdensityJson<Evaluation>(...ofRun);
}, 120_000);

describe('an evaluation of a run', () => {
  test('says what was compared with what, and what was found', async () => {
    const { findings, seconds, versions, files, ...rest } = whole;
    expect(rest).toEqual({
      model: run,
      walk: {
        ...{ measurements: 4, kernel: 'sachs', stepSize: 0.5, friction: 0.5 },
        ...{ chains: 20, jumpEvery: 2, burnIn: 4, seed: 0 },
      },
      ...{ samples: 240, chains: 20, draws: 12, shape: [1, 8, 8] },
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
      '--chains 20 --draws 6: chains need at least 10 draws each to be judged; give more, or leave chains out of --metrics',
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

describe('samples of a file', () => {
  const samples = at('samples.npy');
  const ofFile = (file: string, ...args: readonly string[]) => [
    ...byPixels,
    '--samples',
    file,
    '--data',
    'digits8',
    '--limit',
    '200',
    ...args,
  ];
  const save = async (name: string, data: Float32Array | Uint8Array, shape: readonly number[]) => {
    await writeFile(at(name), encodeNpy(data, shape));
    return at(name);
  };

  beforeAll(async () => {
    const chains = ['--chains', '20', '--steps', '24', '--jump-every', '2', '--burn-in', '4'];
    await mdensityJson('sample', '--model', run, ...chains, '--out', samples);
  }, 120_000);
  const images = async () => decodeNpy(await readFile(samples), samples).data as Float32Array;

  test('are worth what the walk that wrote them is', async () => {
    const out = ['--out', at('of-file')];
    const { findings, chains, draws, file } = await mdensityJson<Evaluation>(
      ...ofFile(samples, ...out),
    );
    const { scoreCallsPerDraw, effectiveSamplesPerScoreCall, ...moves } = whole.findings.chains!;
    expect({ chains, draws, file }).toEqual({ chains: 20, draws: 12, file: samples });
    expect(findings).toMatchObject({ ...whole.findings, chains: moves });
    expect(findings.chains!.scoreCallsPerDraw).toBe(1);
    const { stdout } = await mdensity(...ofFile(samples, ...out));
    expect(stdout).not.toContain('score calls');
  });

  test('may be bytes, and one after the other without chains', async () => {
    const floats = await images();
    const bytes = Uint8Array.from(floats, (x) => Math.round(255 * Math.min(1, Math.max(0, x))));
    const flat = await save('flat.npy', bytes, [240, 1, 8, 8]);
    const { findings } = await mdensityJson<Evaluation>(...ofFile(flat, '--out', at('flat')));
    expect(findings.chains).toBeUndefined();
    expect(findings.memorisation!.nearest).toHaveLength(240);
    expect(findings.frechet!.distance).toBeCloseTo(whole.findings.frechet!.distance, 9);
    expect(await refusal(...ofFile(flat, '--metrics', 'chains', '--out', at('flat')))).toMatch(
      /flat.npy: chains need at least 10 draws each to be judged; give more, or leave chains out/,
    );
  });

  test('are refused in another shape or range, or if they are few', async () => {
    const floats = await images();
    const size = await save('size.npy', new Float32Array(4 * 81), [4, 1, 9, 9]);
    expect(await refusal(...ofFile(size))).toMatch(
      /size.npy: has shape \[4, 1, 9, 9\], images of digits8 are \[1, 8, 8\]; give \[n, 1, 8, 8\] or \[chains, draws, 1, 8, 8\]$/,
    );
    const range = await save(
      'range.npy',
      floats.map((x) => 255 * x),
      [240, 1, 8, 8],
    );
    expect(await refusal(...ofFile(range))).toMatch(
      /range.npy: image \d+ has the value [\d.-]+; features are of images in \[0, 1\], scale them$/,
    );
    const centred = await save(
      'centred.npy',
      floats.map((x) => 2 * x - 1),
      [240, 1, 8, 8],
    );
    expect(await refusal(...ofFile(centred))).toMatch(/has the value -[\d.]+; features are of/);
    const broken = await save(
      'nan.npy',
      floats.map((x, i) => (i === 700 ? Number.NaN : x)),
      [240, 1, 8, 8],
    );
    expect(await refusal(...ofFile(broken))).toMatch(/nan.npy: image 10 has the value NaN;/);
    const few = await save('few.npy', floats.subarray(0, 64 * 64), [64, 1, 8, 8]);
    expect(await refusal(...ofFile(few))).toMatch(
      /few.npy: 64 samples are too few for the covariance of 64 pixels features; at least 65 are needed/,
    );
    const doubles = at('doubles.npy');
    await writeFile(doubles, encodeNpy(Float64Array.from(floats), [240, 1, 8, 8]));
    expect(await refusal(...ofFile(doubles))).toMatch(/doubles.npy: holds no bytes and no float32/);
    expect(await refusal(...ofFile(at('none.npy')))).toMatch(/none.npy: no such file/);
  });
});

describe('evaluate refuses', () => {
  test.each([
    ['neither of two', ['--data', 'digits8'], /^--model or --samples: give one of the two/],
    ['both', ['--model', run, '--samples', 'a.npy'], /^--model or --samples: give one of the two/],
    ['samples without data', ['--samples', 'a.npy'], /^--data: is missing; give what to compare/],
    [
      'no such metric',
      ['--model', run, '--metrics', 'fd,fid'],
      /^--metrics: must be one of fd, kid, pr,/,
    ],
    [
      'no such features',
      ['--model', run, '--features', 'minst'],
      /^--features: must be .*Did you mean "mnist"\?/,
    ],
    ['no such model', ['--model', 'digits-9'], /^digits-9: no such run, model or file/],
    [
      'too few samples',
      ['--model', run, '--features', 'pixels', '--chains', '8', '--draws', '8'],
      /^--chains 8 --draws 8: 64 samples are too few for the covariance of 64 pixels features; at least 65 are needed, and ten/,
    ],
    [
      'data of another shape',
      ['--model', run, '--features', 'pixels', '--data', 'mnist', '--limit', '50'],
      /^--data: mnist has images \[1, 28, 28\], the model makes \[1, 8, 8\]; give the data it was/,
    ],
    [
      'features of another shape',
      ['--model', run, '--features', 'mnist'],
      /^--features mnist: takes images \[1, 28, 28\], these are \[1, 8, 8\]; choose another of/,
    ],
    [
      'weights that are not here',
      ['--model', run, '--features', 'inception'],
      /^--features inception: its weights are not here; give --fetch-inception/,
    ],
    [
      'weights that are none',
      ['--model', run, '--inception', __filename],
      /evaluate\.test\.ts: holds other weights than FID’s \(SHA-256 \w+… in place/,
    ],
    [
      'no such weights',
      ['--model', run, '--inception', 'none.pth'],
      /^--inception none\.pth: no such file/,
    ],
    [
      'weights that are not used',
      ['--model', run, '--features', 'pixels', '--inception', 'a.pth'],
      /^--features pixels: --inception is for Inception features; leave one of the two out/,
    ],
    [
      'a kernel that needs more',
      [...ofRun.slice(1), '--kernel', 'mala'],
      /^kernel: mala needs the log-density/,
    ],
  ] as const)('%s', async (_, args, said) => {
    expect(await refusal('evaluate', ...args, '--out', at('refused'))).toMatch(said);
    expect(existsSync(at('refused'))).toBe(false);
  });

  test('data that has no network of its own, saying which there are', async () => {
    const images = at('grey.npy');
    await writeFile(images, encodeNpy(new Float32Array(100 * 81), [100, 1, 9, 9]));
    expect(await refusal('evaluate', '--samples', images, '--data', images)).toMatch(
      /^--features: grey.* \[1, 9, 9\] has no network of its own; choose one of mnist, .*pixels$/,
    );
    await writeFile(images, encodeNpy(new Float32Array(100 * 81).fill(2), [100, 1, 9, 9]));
    expect(await refusal(...byPixels, '--samples', images, '--data', images)).toMatch(
      /grey.npy: value at \[0, 0, 0, 0\] is 2; scale float images to \[0, 1\]/,
    );
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

test('killed, then stopped by Ctrl-C, the same command goes on to the same numbers', async () => {
  const steps = 8 + 5 * 150;
  const args = [
    ...[...byPixels, '--model', run, '--metrics', 'fd,chains', '--chains', '16'],
    ...['--draws', '150', '--jump-every', '5', '--burn-in', '8'],
  ];
  const out = at('interrupted');
  const uninterrupted = mdensityJson<Evaluation>(...args, '--out', at('uninterrupted'));
  const { findings, samples } = await uninterrupted;

  const isSaved = () =>
    existsSync(out) && readdir(out).then((all) => all.some((n) => /^progress-\w+\.bin$/.test(n)));
  const first = startMdensity([...args, '--out', out]);
  await vi.waitUntil(isSaved, { timeout: 60_000, interval: 20 });
  first.child.kill('SIGKILL');
  expect((await first.done).signal).toBe('SIGKILL');
  expect(existsSync(join(out, 'evaluation.json'))).toBe(false);

  const second = await startMdensity([...args, '--out', out], (child) => child.kill('SIGINT')).done;
  const lines = withoutProgress(second.stderr);
  expect({ code: second.code, lines: lines.length, stdout: second.stdout }).toEqual({
    code: 130,
    lines: 1,
    stdout: '',
  });
  const said =
    /^mdensity: stopped after (\d+) of 150 draws, saved; run the same command again to go on$/.exec(
      lines[0]!,
    );
  const drawn = Number(said?.[1]);
  expect(drawn).toBeGreaterThan(0);

  const third = await startMdensity([...args, '--out', out, '--json']).done;
  expect(third.code, third.stderr).toBe(0);
  // It went on from where it was.
  expect(Number(new RegExp(`(\\d+)/${steps}`).exec(third.stderr)![1])).toBeGreaterThan(
    8 + 5 * drawn,
  );
  expect(JSON.parse(third.stdout)).toMatchObject({ findings, samples });
  expect((await readdir(out)).some((name) => name.startsWith('progress'))).toBe(false);
});
