import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { parametrizationNames } from '../model/index.ts';
import { mdensity, mdensityJson, refusal, workFolder } from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
const small = [
  '--data',
  'digits8',
  '--limit',
  '60',
  '--batch',
  '8',
  '--steps',
  '3',
  '--threads',
  '1',
];
const model = ['--measurements', '3'];
const walk = ['--chains', '3', '--steps', '4', '--jump-every', '2'];

const nets: Readonly<Record<(typeof parametrizationNames)[number], string>> = {
  gps: 'digits8',
  'gps-energy': 'energy8',
  mem: 'energy8',
  'mem-quadratic': 'digits8',
  mdae: 'digits8',
  muvb: 'autoencoder8',
  poisson: 'digits8',
  'poisson-energy': 'energy8',
};

const noiseOf = (name: string) => (name.startsWith('poisson') ? ['--rate', '4'] : ['--sigma', '1']);

describe.each(Object.entries(nets))('%s', (name, net) => {
  test('trains, resumes, is sampled, described, exported and imported', async () => {
    const run = at(name);
    const options = ['--parametrization', name, '--net', net, ...noiseOf(name), ...model];
    await mdensityJson('train', ...options, ...small, '--out', run);
    const again = await mdensityJson<{ finished: boolean }>('train', '--out', run, '--resume');
    expect(again.finished).toBe(true);
    const drawn = await mdensityJson<{ shape: number[]; draws: number }>(
      ...['sample', '--model', run, ...walk, '--out', at(`${name}.npy`)],
    );
    expect(drawn).toMatchObject({ shape: [1, 8, 8], draws: 2 });
    expect(await mdensityJson('info', run)).toMatchObject({ model: { parametrization: name } });
    const weights = at(`${name}.safetensors`);
    await mdensityJson('export', '--model', run, '--format', 'safetensors', '--out', weights);
    const imported = at(`${name}.onnx`);
    await mdensityJson('import', '--weights', weights, '--out', imported);
    expect((await readFile(imported)).equals(await readFile(join(run, 'model.onnx')))).toBe(true);
  });
});

describe('what a parametrization cannot do is said in a line', () => {
  test('a network of another kind', async () => {
    const options = ['--parametrization', 'mem', '--net', 'digits8', ...model, ...small];
    expect(await refusal('train', ...options, '--out', at('wrong'))).toBe(
      'parametrization mem: takes an energy network, additive-unet is a network that keeps the shape; choose another network',
    );
  });

  test('a view of an energy', async () => {
    const options = ['--parametrization', 'gps-energy', '--net', 'energy8', '--view', 'noise'];
    expect(await refusal('train', ...options, ...small, '--out', at('wrong'))).toBe(
      'view noise: parametrization gps-energy has no other view than denoised; leave it out',
    );
  });

  test('a meta-encoder where there is none, or that is no energy', async () => {
    const run = ['--net', 'digits8', ...model, ...small, '--out', at('wrong')];
    const train = (...more: string[]) => refusal('train', ...run, ...more);
    expect(await train('--meta-encoder', 'energy8')).toMatch(
      /^--meta-encoder energy8: parametrization gps has none;/,
    );
    const quadratic = ['--parametrization', 'mem-quadratic', '--meta-encoder'];
    expect(await train(...quadratic, 'digits8')).toMatch(
      /^--meta-encoder digits8: is no energy network;/,
    );
  });

  test('another M, the mean walk’s members, an accept test without an energy', async () => {
    const sample = (...more: string[]) =>
      refusal('sample', '--model', at('mdae'), ...walk, ...more, '--out', at('x.npy'));
    expect(await sample('--measurements', '9')).toMatch(
      /^measurements: this model sees all M = 3 measurements and is of these alone, not of 9;/,
    );
    expect(await sample('--kernel', 'mala')).toMatch(/^kernel: mala needs the log-density/);
    const experiment = ['experiment', 'paper-a', '--data', 'digits8', '--features', 'pixels'];
    expect(await refusal(...experiment, '--model', at('mdae'), '--out', at('ex'))).toMatch(
      /is of parametrization mdae and M = 3, σ = 1, no class of Gaussian noise; give a GPS model$/,
    );
  });

  test('another parametrization for a run that goes on', async () => {
    const resumed = ['train', '--out', at('mdae'), '--resume', '--parametrization', 'gps'];
    expect(await refusal(...resumed)).toMatch(
      /^--parametrization gps: the run in .* has mdae; leave it out to resume it, or start another run$/,
    );
  });
});

test('the noise that a model says already may be given too', async () => {
  const sample = (sigma: string) =>
    ['sample', '--model', at('mdae'), ...walk, '--sigma', sigma, '--measurements', '3'] as const;
  const drawn = await mdensityJson(...sample('1'), '--out', at('said.npy'));
  expect(drawn).toMatchObject({ sigma: 1 });
  expect(await refusal(...sample('2'), '--out', at('said.npy'))).toMatch(
    /was trained at effective noise 0\.57\d+, not 1\.15\d+; leave --sigma out$/,
  );
});

test('a report says what was learned, and by what', async () => {
  const page = at('report.html');
  await mdensityJson('report', at('mem'), '--out', page);
  expect(await readFile(page, 'utf8')).toContain(
    'The M-density of M = 3, σ = 1 of digits8 (60 examples, 1×8×8), by parametrization mem, energy of all M measurements: ',
  );
});

test('a learned energy is walked with an accept test, and the rate is said', async () => {
  const { stdout } = await mdensity(
    ...['sample', '--model', at('gps-energy'), '--kernel', 'mala', '--step-size', '0.2'],
    ...[...walk, '--out', at('mala.npy')],
  );
  expect(stdout).toMatch(/^accepted \d+ % of proposals; wrote /);
  const { acceptance } = await mdensityJson<{ acceptance: number }>(
    ...['sample', '--model', at('gps-energy'), '--kernel', 'malt', '--step-size', '0.1'],
    ...[...walk, '--out', at('malt.npy')],
  );
  expect(acceptance).toBeGreaterThan(0.5);
  const evaluated = await mdensity(
    ...['evaluate', '--model', at('gps-energy'), '--kernel', 'mala', '--step-size', '0.2'],
    ...['--chains', '20', '--draws', '10', '--burn-in', '2', '--jump-every', '1'],
  );
  expect(evaluated.stdout).toMatch(/^accepted +\d+ % of proposals$/m);
});

describe('published settings, and this project’s, are presets', () => {
  const tiny = ['--data', 'digits8', '--net', 'digits8', '--steps', '1', '--batch', '8'];

  test.each([
    ['paper-a-cifar10', { parametrization: 'gps', noise: { sigma: 0.25, measurements: 1 } }],
    [
      'paper-b-mnist',
      { parametrization: 'mdae', noise: { sigma: 1, measurements: 16 }, inputScale: 1.025 },
    ],
    [
      'paper-b-cifar10',
      { parametrization: 'mdae', noise: { sigma: 1, measurements: 8 }, inputScale: 1.025 },
    ],
    [
      'paper-b-ffhq256',
      { parametrization: 'mdae', noise: { sigma: 4, measurements: 8 }, inputScale: 4.0063 },
    ],
    [
      'family-cifar10',
      {
        parametrization: 'gps',
        noise: { sigma: 1, measurements: 16, levels: { from: 0.1, to: 1.6 } },
      },
    ],
    [
      'family-mnist',
      { parametrization: 'gps', noise: { sigma: 1.6, levels: { from: 0.2, to: 1.6 } } },
    ],
    ['paper-b-mnist-muvb', { parametrization: 'muvb', noise: { sigma: 1, measurements: 4 } }],
  ])('%s', async (preset, expected) => {
    const net = preset.endsWith('muvb') ? ['--net', 'autoencoder8'] : [];
    const out = at(preset);
    await mdensityJson('train', '--config', preset, ...tiny, ...net, '--out', out);
    const { model } = await mdensityJson<{ model: { inputScale?: number } }>('info', out);
    expect(model).toMatchObject(expected);
    // Published: √(0.225² + σ²).
    const { noise, inputScale } = { inputScale: undefined, ...expected };
    if (inputScale) expect(inputScale).toBeCloseTo(Math.hypot(0.225, noise.sigma), 4);
  });

  test('a name that is none', async () => {
    expect(await refusal('train', '--config', 'paper-b-minst', '--out', at('none'))).toMatch(
      /^--config paper-b-minst: is neither a file nor a preset\. Did you mean "paper-b-mnist"\? Presets: .*paper-a/,
    );
  });
});

describe('counts', () => {
  const poisson = ['--parametrization', 'poisson', '--net', 'digits8'];

  test('noise of the other kind is refused', async () => {
    const train = (...more: string[]) => refusal('train', ...small, '--out', at('no'), ...more);
    expect(await train(...poisson, '--sigma', '1')).toBe(
      '--sigma 1: parametrization poisson is of counts, which have a --rate; leave it out, or take another --parametrization',
    );
    expect(await train('--net', 'digits8', '--rate', '4')).toBe(
      '--rate 4: parametrization gps is of Gaussian noise, which has a --sigma; leave it out, or take another --parametrization',
    );
    expect(
      await refusal('sample', '--model', at('poisson'), '--sigma', '1', '--out', at('x.npy')),
    ).toMatch(/: was trained on counts, which have no sigma; leave --sigma out$/);
  });

  test('one model is walked at other M, by both walks, and evaluated', async () => {
    const sample = (...more: string[]) =>
      mdensityJson(...['sample', '--model', at('poisson'), ...walk, '--out', at('c.npy')], ...more);
    expect(await sample('--measurements', '5')).toMatchObject({ rate: 12, draws: 2 });
    expect(await sample('--kernel', 'birth-death', '--step-size', '0.01')).toMatchObject({
      rate: 12,
    });
    expect(
      await refusal(
        ...['sample', '--model', at('poisson'), '--kernel', 'sachs', '--out', at('c.npy')],
      ),
    ).toMatch(/^--kernel: sachs walks Gaussian noise, and this model is of counts; choose from/);
    const evaluate = ['evaluate', '--model', at('poisson'), '--chains', '20', '--draws', '10'];
    const evaluated = await mdensityJson(...evaluate, '--burn-in', '2', '--jump-every', '1');
    expect(evaluated).toMatchObject({ walk: { kernel: 'tau-leap' } });
    expect(await refusal(...evaluate, '--kernel', 'birth-death')).toMatch(
      /^--kernel birth-death: calls the estimator once for every event/,
    );
    const page = at('counts.html');
    await mdensityJson('report', at('poisson'), '--out', page);
    expect(await readFile(page, 'utf8')).toContain(
      'The M-densities of the class Mλ = 12 of digits8',
    );
  });
});
