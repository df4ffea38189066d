import { cp, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { openPage } from '../report/testing.ts';
import { mdensityJson, refusal, workFolder } from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
const run = at('a run');

interface Written {
  readonly file: string;
  readonly bytes: number;
  readonly missing: readonly { readonly part: string; readonly command?: string }[];
}

const report = (...args: string[]) => mdensityJson<Written>('report', ...args);
const page = async ({ file }: Written) => openPage(await readFile(file, 'utf8'));

const names = ['0', '1', 'a bird'];
/** As `mdensity evaluate` writes it; JSON has null for what is not finite. */
const evaluation = {
  model: 'a run',
  walk: { kernel: 'sachs', stepSize: 0.5, friction: 0.5, jumpEvery: 5, burnIn: 20, seed: 0 },
  samples: 60,
  chains: 5,
  draws: 12,
  shape: [1, 8, 8],
  data: { name: 'digits8', count: 100, hash: '00' },
  features: { name: 'digits8', dimension: 32, id: '00' },
  findings: {
    frechet: { name: 'fd-digits8', distance: 2.34567 },
    kernel: { mean: 0.125, standardError: 0.0625, subsets: 100 },
    coverage: { precision: 0.5, recall: 0.25, density: 0.75, coverage: 0.875 },
    memorisation: {
      features: { medianDistance: 1, medianRatio: null, share: 0.05 },
      pixels: { medianDistance: 1, medianRatio: 1.5, share: 0 },
      nearest: [3, 1, 4, 1, 5],
    },
    chains: {
      chains: 5,
      draws: 12,
      scoreCallsPerDraw: 6,
      autocorrelation: [1, 0.5, 0.25, 0.125, 0, -0.1],
      effectiveSamples: { median: 20, least: 10 },
      effectiveSamplesPerScoreCall: 0.05,
      rHat: { median: 1.25, largest: 2 },
      longestStuck: { chain: 1, start: 3, draws: 4 },
      classes: {
        names,
        occupancy: [0.5, 0.5, 0],
        coverage: 2 / 3,
        perChain: 1.5,
        switchRate: 0.2,
        transitions: [
          [20, 5, 0],
          [6, 24, 0],
          [0, 0, 0],
        ],
        longestStay: { chain: 0, start: 0, draws: 9, name: '1' },
      },
    },
  },
  seconds: { walking: 61, features: 1, metrics: 2 },
  versions: { mdensity: '9.9.9' },
};

async function writeEvaluation(folder: string, changes: object = {}) {
  const path = join(folder, 'evaluation', 'evaluation.json');
  await mkdir(join(folder, 'evaluation'), { recursive: true });
  await writeFile(path, JSON.stringify({ ...evaluation, ...changes }));
  return path;
}

const picture = (path: string) =>
  sharp({ create: { width: 30, height: 20, channels: 3, background: 'teal' } }).toFile(path);

/** The same run, to change. */
async function copyOf(name: string): Promise<string> {
  await cp(run, at(name), { recursive: true });
  return at(name);
}

beforeAll(async () => {
  const training = ['--net', 'digits8', '--data', 'digits8', '--limit', '100', '--batch', '8'];
  const watched = ['--validation', '20', '--validate-every', '4', '--sample-every', '4'];
  const logged = ['--steps', '8', '--log-every', '2'];
  await mdensityJson('train', ...training, ...watched, ...logged, '--out', run);
});

test('a trained and evaluated run: everything on one page that stands alone', async () => {
  const folder = await copyOf('whole');
  await writeEvaluation(folder);
  for (const name of ['samples', 'chains', 'nearest']) {
    await picture(join(folder, 'evaluation', `${name}.png`));
  }
  for (const step of [1, 2, 3, 5, 6, 7]) {
    await picture(join(folder, 'samples', `step-0000000${step}.png`));
  }
  // Another metric that is watched, as --distance-every logs it.
  const log = join(folder, 'metrics.jsonl');
  const lines = [5, 3, 4].map((distance, i) => ({ step: 2 * i + 2, 'fd-digits8': distance }));
  const added = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  await writeFile(log, (await readFile(log, 'utf8')) + added);

  const written = await report(folder);
  expect(written).toMatchObject({ file: join(folder, 'report.html'), missing: [] });
  expect((await stat(written.file)).size).toBe(written.bytes);
  const shown = await page(written);
  expect(shown.title).toBe('whole');
  expect(shown.subtitle).toMatch(
    /class σ̃ = 0\.5 of digits8 \(100 examples, 1×8×8\), by GPS\(1, 0\.5\) .* the denoised example: 37,633 parameters, 8 steps of 8, device cpu, started \d+ \w+ 20\d\d/,
  );
  expect(shown.headings).toEqual([
    ...['Samples', 'Training', 'On the way', 'Evaluation', 'Chains', 'Time', 'Configuration'],
  ]);
  // Losses, the distance, learning rate, speed; autocorrelation, occupancy, transitions.
  expect(shown.charts).toBe(7);
  expect(shown.captions).toContain('fd-digits8, lower is better: best 3.000 at step 4');
  expect(shown.captions[0]).toMatch(/coloured on held-out examples: best [\d.]+ at step [48]$/);
  // The samples, six of eight grids, pairs, the filmstrip.
  expect(shown.images).toHaveLength(9);
  expect(shown.captions).toEqual(expect.arrayContaining(['step 1', 'step 8']));
  for (const part of [
    '60 samples, 12 of each of 5 chains (a jump every 5 steps after 20, kernel sachs',
    'compared with 100 images of digits8 in 32 features of digits8',
    'fd-digits82.346',
    'So few samples make it larger',
    'kernel distance0.125 ± 0.063',
    'precision0.5',
    'copies, by features5 %, median ratio –',
    'effective samples20 of 60',
    'One independent sample for 20 score calls',
    'R̂ across chains1.250, largest 2.000Above 1',
    'longest stuck4 of 12 jumps',
    'classes visited2 of 3; by one chain 1.5',
    'longest stay9 of 12 jumps, in 1',
    'evaluation, walking1m1s',
    'evaluated withmdensity 9.9.9',
    'training.learningRate0.001',
  ]) {
    expect(shown.text).toContain(part);
  }
});

describe('what is not there is said, with the command that makes it', () => {
  test('no evaluation', async () => {
    const written = await report(run);
    expect(written.missing).toMatchObject([
      { part: 'evaluation', command: `mdensity evaluate --model '${run}'` },
    ]);
    const shown = await page(written);
    expect(shown.text).toContain(`mdensity evaluate --model '${run}'`);
    expect(shown.headings).not.toContain('Chains');
    await rm(written.file);
  });

  test('a run that has just started', async () => {
    const folder = at('started');
    await mkdir(folder);
    await cp(join(run, 'run.json'), join(folder, 'run.json'));
    const written = await report(folder);
    const command = `mdensity train --out ${folder} --resume`;
    expect(written.missing).toMatchObject([{ part: 'training', command }, { part: 'evaluation' }]);
    const shown = await page(written);
    expect(shown.headings).toEqual(['Training', 'Evaluation', 'Configuration']);
    expect(shown.subtitle).toContain('0 of 8 steps of 8');
  });

  test('one line of the log; data without features of its own', async () => {
    const folder = await copyOf('one line');
    const log = join(folder, 'metrics.jsonl');
    await writeFile(log, `${(await readFile(log, 'utf8')).split('\n')[0]}\n{"step": 4, "lo`);
    await rm(join(folder, 'samples'), { recursive: true });
    const record = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8'));
    const data = { ...record.data, name: 'points' };
    await writeFile(join(folder, 'run.json'), JSON.stringify({ ...record, data }));
    const written = await report(folder);
    expect(written.missing[0]!.command).toMatch(/one line' --features pixels$/);
    expect((await page(written)).charts).toBe(3);
  });

  test('an evaluation of distances alone, of samples of a file', async () => {
    const folder = await copyOf('partly');
    const { frechet } = evaluation.findings;
    const changes = { model: undefined, walk: undefined, file: 'x.npy', draws: 1, chains: 60 };
    await writeEvaluation(folder, { ...changes, findings: { frechet }, seconds: undefined });
    const shown = await page(await report(folder));
    expect(shown.headings).not.toContain('Chains');
    expect(shown.text).toContain('60 samples from x.npy, one of each chain, compared with');
  });

  test('a model that was trained on since its evaluation', async () => {
    const folder = await copyOf('older');
    const path = await writeEvaluation(folder);
    const says = async () => (await page(await report(folder))).text.includes('evaluate it anew');
    expect(await says()).toBe(false);
    const anHour = 3600 * 1000;
    await utimes(path, new Date(), new Date(Date.now() - anHour));
    expect(await says()).toBe(true);
  });
});

test('a model in the box: its card, its samples, a page in the current folder', async () => {
  const folder = at('current');
  await mkdir(folder);
  const before = process.cwd();
  process.chdir(folder);
  const written = await report('mnist').finally(() => process.chdir(before));
  expect(written.file).toBe('report-mnist.html');
  const shown = await page({ ...written, file: join(folder, written.file) });
  expect(shown.title).toBe('mnist');
  expect(shown.headings).toEqual([
    ...['Samples', 'Training', 'Evaluation', 'Card', 'Configuration'],
  ]);
  expect(shown.subtitle).toContain('753,124 parameters, 6,000 steps of 64');
  expect(shown.text).toContain('mdensity evaluate --model mnist');
  expect(shown.text).toContain('Handwritten digits, 28×28.');
  expect(shown.text).not.toContain('|');
  const models = resolve('models', 'mnist');
  await expect(stat(join(models, 'report.html'))).rejects.toThrow('ENOENT');
});

test('a large picture is made smaller', async () => {
  const folder = await copyOf('large');
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const create = { width: 800, height: 800, channels: 3, noise } as const;
  await sharp({ create: { ...create, background: 'black' } }).toFile(
    join(folder, 'samples', 'step-00000008.png'),
  );
  const { bytes, ...written } = await report(folder);
  expect(bytes).toBeLessThan(2.5e6);
  await page({ bytes, ...written });
});

describe('refuses in one line', () => {
  test('what is no run', async () => {
    const empty = at('empty');
    await mkdir(empty);
    expect(await refusal('report', empty)).toMatch(
      /empty: holds no run\.json, so it is no run; give a run's directory.*or an experiment's directory$/,
    );
    expect(await refusal('report', join(run, 'model.onnx'))).toMatch(
      /model\.onnx: is a file; give/,
    );
    expect(await refusal('report', 'minst')).toMatch(
      /^minst: no such run or model\. Did you mean "mnist"\?/,
    );
    expect(await refusal('report')).toMatch(/missing required argument/);
  });

  test('a damaged evaluation, naming the file and the field', async () => {
    const folder = await copyOf('damaged');
    const path = await writeEvaluation(folder, { samples: 'many' });
    expect(await refusal('report', folder)).toMatch(
      /damaged\/evaluation\/evaluation\.json: samples: .*; evaluate again, or remove the file$/,
    );
    await writeFile(path, '{"samp');
    expect(await refusal('report', folder)).toMatch(/evaluation\.json: is not JSON;/);
    const { chains } = evaluation.findings;
    const classes = { ...chains.classes, occupancy: [1] };
    await writeEvaluation(folder, { findings: { chains: { ...chains, classes } } });
    expect(await refusal('report', folder)).toMatch(
      /findings\.chains\.classes: does not have as many numbers as classes;/,
    );
    await expect(stat(join(folder, 'report.html'))).rejects.toThrow('ENOENT');
  });

  test('a damaged record, and an --out that cannot be written', async () => {
    const folder = at('spoiled');
    await mkdir(folder);
    await writeFile(join(folder, 'run.json'), '{"model": 1}');
    expect(await refusal('report', folder)).toMatch(/spoiled\/run\.json: model: /);
    expect(await refusal('report', run, '--out', work)).toMatch(/is a folder, a file was expected/);
    const below = join(run, 'run.json', 'page.html');
    expect(await refusal('report', run, '--out', below)).toMatch(/page\.html: .*choose another/);
  });
});
