import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { encodeNpy } from '../data/index.ts';
import { type RunRecord, type RunResult, readEvaluations } from '../run/index.ts';
import { mdensity, mdensityJson, refusal, withoutProgress, workFolder } from './testing.ts';
import { defaultValidation } from './train-options.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
const digits = ['--net', 'digits8', '--data', 'digits8', '--limit', '100'];
const few = ['--batch', '8', '--steps', '2'];
const recordOf = async (out: string) =>
  JSON.parse(await readFile(join(out, 'run.json'), 'utf8')) as RunRecord;

describe('train', () => {
  test('makes a run, says what comes next, and resumes it with the data it had', async () => {
    const out = at('a first run');
    const { code, stdout, stderr } = await mdensity('train', ...digits, ...few, '--out', out);
    expect({ code, stderr: withoutProgress(stderr) }).toEqual({ code: 0, stderr: [] });
    expect(stdout).toMatch(
      /a first run: 2 steps, loss [\d.]+, \d+ examples\/s; next: mdensity sample --model '/,
    );
    expect((await recordOf(out)).data).toMatchObject({
      source: 'digits8',
      options: { limit: 100 },
    });
    const result = await mdensityJson<RunResult>('train', '--out', out, '--resume');
    expect(result).toMatchObject({ directory: out, step: 2, steps: 2, finished: true });
    expect(result.loss).toBeGreaterThan(0);
  });

  test('refuses to start over a run, and to resume one with other settings', async () => {
    const out = at('settled');
    await mdensityJson('train', ...digits, ...few, '--out', out);
    const before = await readFile(join(out, 'model.onnx'));
    expect(await refusal('train', ...digits, '--out', out)).toMatch(
      /settled: already holds a run; go on with it.*--resume$/,
    );
    const resume = ['train', '--out', out, '--resume'];
    expect(await refusal(...resume, '--batch', '9')).toMatch(
      /^--batch 9: the run in .* has \d+; leave --batch out/,
    );
    expect(await refusal(...resume, '--steps', '1')).toMatch(/^--steps: the run has made 2/);
    expect(await refusal(...resume, '--dry-run')).toMatch(/^--dry-run: is of a new run/);
    expect(await refusal(...resume, '--net', 'mlp')).toMatch(/^--net mlp: .* another network/);
    expect(await refusal(...resume, '--limit', '50')).toMatch(/was trained on digits8 with hash/);
    expect(await refusal(...resume, '--dropout', '0')).toMatch(
      /^--dropout 0: the run in .* has none;/,
    );
    await mdensityJson(...resume, '--steps', '2', '--net', 'digits8', '--data', 'digits8');
    expect(await readFile(join(out, 'model.onnx'))).toEqual(before);
  });

  test('makes a run longer, and starts or resumes by itself', async () => {
    const out = at('longer');
    const auto = ['train', ...digits, '--batch', '8', '--out', out, '--resume=auto', '--steps'];
    expect(await mdensityJson<RunResult>(...auto, '2')).toMatchObject({ step: 2, steps: 2 });
    expect(await mdensityJson<RunResult>(...auto, '2')).toMatchObject({ step: 2, steps: 2 });
    const more = ['train', '--out', out, '--resume', '--steps', '4', '--learning-rate', '1e-4'];
    const { code, stdout, stderr } = await mdensity(...more, '--json');
    expect({ code, result: JSON.parse(stdout) }).toMatchObject({ code: 0, result: { step: 4 } });
    expect(withoutProgress(stderr)).toEqual([
      'steps: 4 from step 2 on, was 2',
      'learningRate: 0.0001 from step 2 on, was 0.001',
    ]);
    const { training, changes } = await recordOf(out);
    expect(training).toMatchObject({ steps: 4, learningRate: 1e-4 });
    expect(changes).toEqual([{ step: 2, before: { steps: 2, learningRate: 1e-3 } }]);
  });

  test('takes another dropout for a U-Net, and keeps to it', async () => {
    const [out, images] = [at('dropped'), at('images.npy')];
    await writeFile(images, encodeNpy(new Float32Array(4 * 784).fill(0.5), [4, 1, 28, 28]));
    const start = ['train', '--data', images, '--batch', '2', '--steps', '1', '--out'];
    await mdensityJson(...start, out, '--net', 'unet-s', '--dropout', '0.25');
    expect((await recordOf(out)).model.network).toMatchObject({ type: 'unet', dropout: 0.25 });
    const resume = ['train', '--out', out, '--resume'];
    for (const rate of ['0', '0.1']) {
      expect(await refusal(...resume, '--dropout', rate)).toMatch(
        new RegExp(`^--dropout ${rate}: the run in .*dropped has 0.25; leave --dropout out`),
      );
    }
    expect(await refusal(...resume, '--net', 'unet-64')).toMatch(/has another network/);
    await mdensityJson(...resume, '--net', 'unet-s', '--dropout', '0.25');
    await mdensityJson(...resume, '--net', 'unet-s');

    const none = await refusal(...start, at('never'), '--net', 'mlp', '--dropout', '0.1');
    expect(none).toBe(
      '--dropout 0.1: network mlp has none; leave --dropout out, or take a U-Net, such as --net unet-s',
    );
    expect(existsSync(at('never'))).toBe(false);
  });

  test('evaluates on the way, and tells which model was best', async () => {
    const out = at('evaluated');
    const watched = ['--validation', '20', '--validate-every', '2', '--sample-every', '3'];
    const args = [...digits, '--batch', '8', '--steps', '4', ...watched];
    const { stdout } = await mdensity(
      'train',
      ...args,
      '--stop-metric',
      'validationLoss',
      '--out',
      out,
    );
    expect(stdout).toMatch(
      /evaluated: 4 steps, loss .*; best validationLoss [\d.]+ at step \d; next: .*evaluated\/best\.onnx --out/,
    );
    const { training, evaluation } = await recordOf(out);
    expect(training.validation).toBe(20);
    expect(evaluation).toEqual({
      every: { validation: 2, samples: 3 },
      stopMetric: 'validationLoss',
      patience: 5,
    });
    const lines = await readEvaluations(out);
    expect(lines.map(({ step, pictures }) => [step, pictures.samples])).toEqual([
      [2, undefined],
      [3, 'samples/step-00000003.png'],
      [4, 'samples/step-00000004.png'],
    ]);
    // Six by six images of 8 × 8, two pixels between them, seven times as large.
    const { width, height } = await sharp(join(out, 'samples/step-00000004.png')).metadata();
    expect([width, height]).toEqual([7 * 62, 7 * 62]);
    expect(await refusal('train', '--out', out, '--resume', '--validation', '10')).toMatch(
      /^--validation 10: the run in .* has 20; leave --validation out/,
    );
    const result = await mdensityJson<RunResult>('train', '--out', out, '--resume');
    expect(result).toMatchObject({ finished: true, best: { metric: 'validationLoss' } });
  });

  test('holds out a twentieth of a set that is large enough, at most 1,000', () => {
    const counts = [100, 1999, 2000, 10_000, 60_000];
    expect(counts.map(defaultValidation)).toEqual([0, 0, 100, 500, 1000]);
  });

  test('reads options from YAML, over which the command line has the last word', async () => {
    const config = at('run.yaml');
    await writeFile(
      config,
      'net: digits8\ndata: digits8\nlimit: 100\nsigma: 0.25\nsteps: 3\nbatch: 8\nflip: true\n',
    );
    const out = at('configured');
    await mdensityJson('train', '--config', config, '--steps', '1', '--out', out);
    const { model, training } = await recordOf(out);
    expect(model).toMatchObject({ noise: { sigma: 0.25, measurements: 1 }, shape: [1, 8, 8] });
    expect(training).toMatchObject({ steps: 1, batch: 8, flip: true, ema: 0.99 });
  });

  test.each([
    ['sgima: 1', /option "sgima" is not known\. Did you mean "sigma"\? There are: out, net/],
    ['learning-rat: 1', /Did you mean "learningRate"\?/],
    ['sigma: wide', /run\.yaml: sigma: must be a finite number; it is "wide"/],
    ['sigma: 0', /sigma: must be above 0; it is 0/],
    ['flip: sometimes', /flip: must be true or false; it is "sometimes"/],
    ['steps: 1.5', /steps: must be a whole number; it is 1.5/],
    ['ema: 1', /ema: must be below 1; it is 1/],
    ['view: nosie', /view: must be one of .*Did you mean "noise"\?/],
    ['sigma: [1', /is not valid YAML: .* line \d/],
    ['- sigma', /must hold lines of "option: value"/],
  ])('a YAML file with "%s" is one clear line', async (yaml, finds) => {
    const config = at('bad-run.yaml');
    await writeFile(config, `${yaml}\n`);
    const line = await refusal('train', ...digits, '--out', at('never'), '--config', config);
    expect(line.startsWith(config)).toBe(true);
    expect(line).toMatch(finds);
  });

  test.each([
    [['--sigma', '0'], /^--sigma: must be above 0; it is 0$/],
    [['--sigma', '-1'], /^--sigma: must be above 0; it is -1$/],
    [['--sigma', 'Infinity'], /^--sigma: must be a finite number; it is Infinity$/],
    [['--sigma', 'half'], /^--sigma: must be a finite number; it is "half"$/],
    [['--measurements', '0'], /^--measurements: must be at least 1; it is 0$/],
    [['--measurements', '1.5'], /^--measurements: must be a whole number; it is 1.5$/],
    [['--dropout', '1'], /^--dropout: must be below 1; it is 1$/],
    [['--dropout', '-0.1'], /^--dropout: must be at least 0; it is -0\.1$/],
    [['--dropout', '0.1'], /^--dropout 0\.1: network digits8 has none; leave --dropout out/],
    [['--steps', ''], /^--steps: is empty/],
    [['--optimizer', 'adagard'], /must be one of .*; it is "adagard"\. Did you mean "adagrad"\?$/],
    [['--device', 'gpu'], /^--device: must be one of .*; it is "gpu"/],
    [['--net', 'digts8'], /network "digts8" is not known\. Did you mean "digits8"\?/],
    [['--data', 'digit8'], /"digit8" is no named data set.*Did you mean "digits8"\?/],
    [['--data', 'mnist', '--size', '8'], /size is for folders of images only/],
    [['--batch', '9', '--micro-batches', '2'], /2 parts do not divide a batch of 9; use a divisor/],
    [['--batch', '99999999999'], /^not enough memory .*try a smaller --batch/],
    [
      ['--validation', '100'],
      /^--validation 100: cannot be held out of the 100 examples of digits8/,
    ],
    [['--stop-metric', 'fid'], /^--stop-metric fid: is not reported; nothing is evaluated/],
    [['--stop-metric', 'validationLoss'], /hold out examples, such as --validation/],
    [['--patience', '3'], /^--patience 3: evaluations of what\? .*--stop-metric validationLoss/],
    [['--validate-every', '9'], /^--validate-every 9: no examples are held out .*--validation 5$/],
    [['--stesp', '3'], /^unknown option '--stesp' \(Did you mean --steps\?\); see --help$/],
    [['--steps'], /^option '--steps <n>' argument missing; see --help$/],
    [['extra'], /^too many arguments for 'train'.*; see --help$/],
    [['--config', 'nowhere.yaml'], /^nowhere\.yaml: no such file; check the path\.$/],
  ])('refuses %j in one line', async (args, finds) => {
    expect(await refusal('train', ...digits, '--out', at('never'), ...args)).toMatch(finds);
    expect(existsSync(at('never'))).toBe(false);
  });

  test('--dry-run says what it would take and leaves nothing behind', async () => {
    const cost = await mdensityJson('train', ...digits, '--out', at('never'), '--dry-run');
    expect(cost).toEqual({
      parameters: 37_633,
      steps: expect.any(Number),
      bytes: expect.any(Number),
      secondsPerStep: expect.any(Number),
      examplesPerSecond: expect.any(Number),
      seconds: expect.any(Number),
    });
    expect(existsSync(at('never'))).toBe(false);
  });

  test('asks for what is missing', async () => {
    expect(await refusal('train')).toMatch(/^--out: is missing; give it/);
    expect(await refusal('train', '--out', at('never'))).toMatch(/^--data: is missing; give one/);
    expect(await refusal('train', '--data', 'digits8', '--out', at('never'))).toMatch(
      /^--net: is missing; give one, such as --net digits$/,
    );
    expect(await refusal('train', '--out', at('never'), '--resume')).toMatch(
      /holds no run to go on with; start one first/,
    );
  });

  test('refuses a network that does not fit the data, and an --out that cannot be', async () => {
    const points = at('points.npy');
    await writeFile(points, encodeNpy(new Float32Array(100), [50, 2]));
    const net = ['--net', 'digits', '--data', points];
    expect(await refusal('train', ...net, '--out', at('never'))).toMatch(
      /unet: takes images \[N, C, H, W\]/,
    );
    const sampled = ['--net', 'mlp', '--data', points, '--sample-every', '5'];
    expect(await refusal('train', ...sampled, '--out', at('never'))).toMatch(
      /^--sample-every 5: .* holds no images but examples of shape \[2\]; leave it out$/,
    );
    expect(await refusal('train', ...digits, '--out', join(points, 'run'))).toMatch(
      /points\.npy\/run: a part of the path is not a folder/,
    );
    expect(existsSync(at('never'))).toBe(false);
  });

  test('a rate at which the loss turns NaN stops, and says so', async () => {
    const args = [...digits, ...few, '--out', at('diverged'), '--learning-rate', '1e300'];
    expect(await refusal('train', ...args)).toMatch(
      /^step 2: .*try a smaller learning rate.*has no checkpoint yet/,
    );
  });
});

describe('the command', () => {
  test('helps, with examples and units', async () => {
    const { code, stdout, stderr } = await mdensity('train', '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/--out <run> .*\(required\)/);
    expect(stdout).toMatch(/--sigma <σ>\s+noise of one measurement/);
    expect(stdout).toMatch(/Examples:\n {2}mdensity train --net digits/);
    expect((await mdensity('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('suggests the nearest command', async () => {
    expect(await refusal('trian')).toBe(
      "unknown command 'trian' (Did you mean train?); see --help",
    );
    expect(await refusal('data', 'lst')).toMatch(/unknown command 'lst' \(Did you mean list\?\)/);
  });

  test('shows a stack trace with --debug alone', async () => {
    const { code, stderr } = await mdensity('train', '--out', at('never'), '--debug');
    expect(code).toBe(1);
    expect(stderr).toMatch(/UserError: --data: is missing[\s\S]*\n {4}at /);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^mdensity: --data: is missing/);
  });
});
