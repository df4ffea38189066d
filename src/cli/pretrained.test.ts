/** Published models as the shell's user meets them; the fixtures are of diffusers' own code. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { encodeSafeTensors } from '../data/index.ts';
import { readNpy } from '../data/node/index.ts';
import { startHub } from '../run/pretrained/testing.ts';
import { mdensity, mdensityJson, workFolder } from './testing.ts';

const fixtures = fileURLToPath(new URL('../model/pretrained/fixtures', import.meta.url));
const ddpm = join(fixtures, 'diffusers-ddpm');
const WEIGHTS = 'diffusion_pytorch_model.safetensors';
const folder = workFolder();
const out = join(folder, 'model.onnx');

beforeEach(() => {
  vi.stubEnv('MDENSITY_DATA', join(folder, 'cache'));
  vi.stubEnv('HF_HOME', join(folder, 'hub'));
});
afterEach(() => vi.unstubAllEnvs());

/** A copy of the fixture with other fields in one of its files. */
function changed(name: string, file: string, fields: Readonly<Record<string, unknown>>): string {
  const copy = join(folder, name);
  cpSync(ddpm, copy, { recursive: true });
  const path = join(copy, file);
  const own = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  writeFileSync(path, JSON.stringify({ ...own, ...fields }));
  return copy;
}

/** A set of images of the fixture's size. */
function images(): string {
  const path = join(folder, 'images.npy');
  const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 3, 8, 8), }";
  const text = `${header}${' '.repeat(117 - header.length)}\n`;
  const bytes = Uint8Array.from({ length: 5 * 3 * 64 }, (_, i) => (i * 37) % 256);
  const magic = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  writeFileSync(path, Buffer.concat([magic, Buffer.from(text), bytes]));
  return path;
}

test('a folder becomes a family, with a picture and errors at levels', async () => {
  const args = ['import', ddpm, '--out', out, '--data', images()];
  const made = await mdensityJson<{
    files: string[];
    levels: { from: number; to: number };
    errors: { sigma: number; rootMeanSquare: number; count: number }[];
  }>(...args);
  expect(made.files).toEqual([out, join(folder, 'model.png')]);
  expect(readFileSync(made.files[1]!).subarray(1, 4).toString()).toBe('PNG');
  // σ of DDPM's first and last step, in [0, 1] units.
  expect(made.levels.from).toBeCloseTo(Math.sqrt(1e-4 / (1 - 1e-4)) / 2, 12);
  expect(made.levels.to).toBeCloseTo(78.7, 1);
  expect(made.errors.map(({ sigma, count }) => [sigma, count])).toEqual(
    [0.1, 0.25, 0.5, 1].map((sigma) => [sigma, 5]),
  );
  const info = await mdensity('info', out);
  expect(info.stdout).toContain('"recipe":"diffusers"');
});

test('--sigma keeps one level, and says the time', async () => {
  const one = join(folder, 'one.onnx');
  const args = ['import', ddpm, '--sigma', '0.25', '--out', one, '--picture', 'none'];
  const { stdout } = await mdensity(...args);
  expect(stdout).toContain('σ̃ = 0.25');
  expect(stdout).toContain(
    'time: step 144.15 of linear-1000 (step 144 is σ̃ = 0.24971, step 145 is σ̃ = 0.25158)',
  );
  const samples = join(folder, 'one.npy');
  const walk = ['--chains', '2', '--steps', '4', '--jump-every', '2', '--out', samples];
  expect((await mdensity('sample', '--model', one, ...walk)).code).toBe(0);
  expect((await readNpy(samples)).shape).toEqual([2, 2, 3, 8, 8]);
});

test('a look at one level leaves nothing beside it, and nothing where it fails', async () => {
  const place = join(folder, 'looked');
  const one = join(place, 'one.onnx');
  const args = ['import', ddpm, '--sigma', '0.25', '--out', one];
  expect((await mdensity(...args)).code).toBe(0);
  expect(readdirSync(place).sort()).toEqual(['one.onnx', 'one.png']);
  const before = readFileSync(one);
  const bad = join(ddpm, 'config.json', 'no.png');
  expect((await mdensity(...args, '--picture', bad)).code).toBe(1);
  expect(readdirSync(place).sort()).toEqual(['one.onnx', 'one.png']);
  expect(readFileSync(one).equals(before)).toBe(true);
});

/** A pickle of NVlabs/edm among the fixtures, as a file; some of it where it is cut. */
function pickle(name: string, bytes?: number): string {
  const path = join(folder, `${name}.pkl`);
  const packed = readFileSync(join(fixtures, `${name}.pkl.gz`));
  writeFileSync(path, gunzipSync(packed).subarray(0, bytes));
  return path;
}

test('a pickle of NVlabs/edm says itself what it is, and its licence is said', async () => {
  const args = ['import', pickle('edm-ncsnpp-cond'), '--class', '2', '--out', out];
  const { stdout, stderr, code } = await mdensity(...args);
  expect(code).toBe(0);
  expect(stderr).toContain('(CC BY-NC-SA 4.0) forbids commercial use');
  expect(stdout).toContain('38,739 parameters, σ̃ from 0.001 to 40; licence: CC BY-NC-SA 4.0');
  expect(stdout).toContain('time: 0.25 ln(2σ̃)');
  const samples = join(folder, 'edm.npy');
  const walk = ['--sigma', '0.25', '--chains', '2', '--steps', '4', '--jump-every', '2'];
  const walked = await mdensity(
    'sample',
    '--model',
    out,
    '--class',
    '2',
    ...walk,
    '--out',
    samples,
  );
  expect(walked.code).toBe(0);
  expect((await readNpy(samples)).shape).toEqual([2, 2, 3, 8, 8]);
});

test('a model of the Hub is fetched on first use, and kept', async () => {
  const names = ['config.json', 'scheduler_config.json', WEIGHTS];
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(ddpm, name))]));
  const card = Buffer.from('---\nlicense: cc-by-nc-sa-4.0\n---\n');
  const hub = await startHub({ files: { ...files, 'README.md': card }, repository: 'tiny/ddpm' });
  afterAll(() => hub.close());
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  const samples = join(folder, 'hub.npy');
  const walk = ['--sigma', '0.25', '--chains', '2', '--steps', '2', '--jump-every', '2'];
  const args = ['sample', '--model', 'hf:tiny/ddpm', ...walk, '--out', samples];
  const first = await mdensity(...args);
  expect(first.code).toBe(0);
  expect(first.stderr).toContain('(cc-by-nc-sa-4.0) forbids commercial use');
  await hub.close();
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9');
  expect((await mdensity(...args)).code).toBe(0);
});

test('models lists the box and the table', async () => {
  const { box, pretrained } = await mdensityJson<{
    box: Record<string, string>;
    pretrained: { name: string; licence: string; state: string }[];
  }>('models');
  expect(Object.keys(box)).toContain('mnist');
  const known = pretrained.find(({ name }) => name === 'ddpm-cifar10');
  expect(known).toMatchObject({ licence: 'apache-2.0', state: 'not here' });
  // Names are not given twice.
  expect(new Set(pretrained.map(({ name }) => name)).size).toBe(pretrained.length);
});

test.each([
  ['an unknown recipe', () => [ddpm, '--recipe', 'difusers'], 'Did you mean "diffusers"?'],
  ['no recipe', () => [join(fixtures, 'diffusers-ddpm-old.bin')], '--recipe: is missing'],
  [
    'another network',
    () => [join(fixtures, 'diffusers-ddpm-old.bin'), '--recipe', 'improved-cifar10'],
    'does not fit the network: 446 missing',
  ],
  ['a level outside', () => [ddpm, '--sigma', '100'], 'was trained at σ̃ from 0.005 to 78.7'],
  [
    'another class',
    () => [changed('class', 'config.json', { _class_name: 'UNet2DConditionModel' })],
    'is of class UNet2DConditionModel; known is UNet2DModel',
  ],
  [
    'another block',
    () => [changed('block', 'config.json', { down_block_types: ['KDownBlock2D', 'DownBlock2D'] })],
    'has a block KDownBlock2D; known are DownBlock2D',
  ],
  [
    'blocks with skips beside others',
    () => {
      const fields = { down_block_types: ['SkipDownBlock2D', 'DownBlock2D'] };
      const more = { norm_num_groups: null, mid_block_scale_factor: Math.SQRT2 };
      return [changed('skips', 'config.json', { ...fields, ...more })];
    },
    'has a block DownBlock2D; known are SkipDownBlock2D, SkipUpBlock2D',
  ],
  [
    'sums that are not scaled',
    () => [
      changed('sums', 'config.json', {
        down_block_types: Array(2).fill('SkipDownBlock2D'),
        norm_num_groups: null,
      }),
    ],
    'mid_block_scale_factor 1 is not known here with such blocks',
  ],
  [
    'a network that is told steps as noise',
    () => [changed('told', 'config.json', { time_embedding_type: 'fourier' })],
    'scheduler DDPMScheduler of a network that is told its noise is not known; known are Score',
  ],
  [
    'a network that is told noise as steps',
    () => {
      const copy = changed('steps', 'config.json', { time_embedding_type: 'fourier' });
      const path = join(copy, 'scheduler_config.json');
      writeFileSync(path, JSON.stringify({ _class_name: 'ScoreSdeVeScheduler' }));
      return [copy];
    },
    'time_embedding_type is not what the weights are of',
  ],
  [
    'another activation',
    () => [changed('activation', 'config.json', { act_fn: 'gelu' })],
    'act_fn gelu is not known here; known is silu',
  ],
  [
    'another scheduler',
    () => [changed('ve', 'scheduler_config.json', { _class_name: 'ScoreSdeVeScheduler' })],
    'scheduler ScoreSdeVeScheduler is not known; known are DDPMScheduler',
  ],
  [
    'another schedule',
    () => [changed('sigmoid', 'scheduler_config.json', { beta_schedule: 'sigmoid' })],
    'beta_schedule sigmoid is not known; known are linear',
  ],
  [
    'a consistency model of diffusers',
    () => [
      changed('cm', 'scheduler_config.json', { _class_name: 'CMStochasticIterativeScheduler' }),
    ],
    'is of a consistency model, which maps noise to the end of a trajectory',
  ],
  [
    'a pipeline over codes',
    () => [changed('latent', 'model_index.json', { _class_name: 'LDMPipeline' })],
    'is a LDMPipeline; known are DDPMPipeline',
  ],
  [
    'a consistency model of OpenAI',
    () => {
      const path = join(folder, 'cd_imagenet64_l2.pt');
      cpSync(join(fixtures, 'diffusers-ddpm-old.bin'), path);
      return [path, '--recipe', 'edm-imagenet64'];
    },
    'is a consistency model, which maps noise to the end of a trajectory',
  ],
  [
    'a missing tensor',
    () => {
      const copy = changed('missing', 'config.json', {});
      const tensors = { 'conv_in.bias': { shape: [8], data: new Float32Array(8) } };
      writeFileSync(join(copy, WEIGHTS), encodeSafeTensors({ tensors, metadata: {} }));
      return [copy];
    },
    'missing (',
  ],
  ['a pickle cut short', () => [pickle('edm-vp', 20_000)], 'the pickle is cut short at byte 20000'],
  [
    'a pickle by another recipe',
    () => [pickle('edm-vp'), '--recipe', 'improved-cifar10'],
    'does not fit the network: ',
  ],
  [
    'other files by the recipe of pickles',
    () => [join(fixtures, 'diffusers-ddpm-old.bin'), '--recipe', 'edm'],
    'is no pickle of NVlabs/edm, which holds its modules',
  ],
  ['data of another shape', () => [ddpm, '--data', 'digits8'], "the model's are [3, 8, 8]"],
  ['options of weights', () => [ddpm, '--net', 'cifar10'], '--net: is of --weights'],
])('%s is refused in one line, and nothing is written', async (_, args, message) => {
  const path = join(folder, 'refused.onnx');
  const { code, stdout, stderr } = await mdensity('import', ...args(), '--out', path);
  expect(stderr).toContain(message);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr.trimEnd()).not.toContain('\n');
  expect(existsSync(path)).toBe(false);
});

test('without --out and a name there is nowhere to write', async () => {
  expect((await mdensity('import', ddpm)).stderr).toContain('--out: is missing');
  expect((await mdensity('import')).stderr).toContain('what is to be imported?');
  expect((await mdensity('import', 'ddpm-cifar10', '--sigma', '1')).stderr).toContain(
    '--sigma 1: one level needs a file of its own',
  );
  expect((await mdensity('info', 'ddpm-cifar10')).stderr).toContain(
    'is a pretrained model that is not on this machine; fetch it: mdensity import ddpm-cifar10',
  );
});
