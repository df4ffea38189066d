import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { refusal, startMdensity, workFolder } from './testing.ts';

const folder = workFolder();
const points = join(folder, 'points.csv');
writeFileSync(points, Array.from({ length: 20 }, (_, i) => `${i},${(i * 7) % 5}\n`).join(''));
const train = ['train', '--data', points, '--net', 'mlp', '--sigma', '0.5', '--steps', '2'];

test.each([
  ['--device', 'gpu', 'webgpu'],
  ['--device', 'cud', 'cuda'],
])('%s %s means %s', async (option, given, meant) => {
  expect(await refusal(...train, option, given, '--out', join(folder, 'a'))).toContain(
    `Did you mean "${meant}"?`,
  );
});

test.each([
  ['--lr', '--learning-rate'],
  ['--epochs', '--steps'],
])('%s is known from elsewhere as %s', async (given, own) => {
  expect(await refusal(...train, given, '1')).toContain(`(Did you mean ${own}?)`);
});

test('a hint names no option that the command lacks', async () => {
  expect(await refusal('walk', '--lr', '1')).not.toContain('Did you mean');
});

test('a network that does not fit is named, with one that does', async () => {
  const said = await refusal(...train, '--net', 'digits', '--out', join(folder, 'b'));
  expect(said).toMatch(/^--net digits: .*\[2\].* take one of mlp$/);
});

test.each(['train', 'sample', 'walk', 'evaluate', 'export'])(
  '%s --out "" and --out - are refused',
  async (command) => {
    const given =
      command === 'train'
        ? train
        : command === 'walk'
          ? ['walk', '--density', 'eight-gaussians']
          : [command, '--model', folder];
    const before = readdirSync('.');
    expect(await refusal(...given, '--out', '')).toMatch(/^--out: is empty/);
    expect(await refusal(...given, '--out', '-')).toMatch(/^--out -: /);
    expect(readdirSync('.')).toEqual(before);
  },
);

test('a device without its library is one line, without lines of the runtime', async () => {
  if (process.platform !== 'linux' || hasCuda()) return;
  const { done } = startMdensity([...train, '--device', 'cuda', '--out', join(folder, 'c')]);
  const { code, stderr } = await done;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^mdensity: device "cuda" cannot be used here .*\n$/);
});

const hasCuda = () =>
  execFileSync('find', [
    fileURLToPath(new URL('../../node_modules/onnxruntime-node', import.meta.url)),
  ])
    .toString()
    .includes('providers_cuda');

test('an option with line breaks is one line', async () => {
  expect(await refusal('walk', '--de\rnsity\u2028x')).not.toMatch(/[\r\u2028]/);
});

test('a walk beyond memory, also of what is kept, is one line', async () => {
  const walk = ['walk', '--density', 'eight-gaussians', '--out', join(folder, 'w')];
  const many = ['--sigma', '1', '--measurements', String(10 ** 12)];
  expect(await refusal(...walk, ...many)).toMatch(/^a walk of 16 chains .* needs about/);
  expect(await refusal(...walk, ...many, '--walk', 'mean', '--save-y')).toMatch(/needs about/);
});

test('a spectrum beyond double precision, or beyond memory, is refused', async () => {
  const spectrum = ['spectrum', '--variances', '1,2', '--sigma'];
  expect(await refusal(...spectrum, '1e200')).toMatch(/beyond double precision/);
  expect(await refusal(...spectrum, '1', '--measurements', '1000000000')).toMatch(/memory/);
});

test('a folder where the system takes none is refused', async () => {
  if (process.platform !== 'linux') return;
  expect(
    await refusal(
      'walk',
      '--density',
      'eight-gaussians',
      '--sigma',
      '1',
      '--steps',
      '20',
      '--out',
      '/proc/w',
    ),
  ).toMatch(/^\/proc\/w.* may not be written/);
});
