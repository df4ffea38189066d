import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { openPage } from '../report/testing.ts';
import { mdensityJson, refusal, workFolder } from './testing.ts';

const work = workFolder();

test('demo makes its report, is safe to run again, and keeps a run of other settings', async () => {
  const out = join(work, 'demo');
  const demo = ['demo', '--out', out, '--walk-steps', '4', '--chains', '3'];
  const files = ['report.html', 'samples.png', 'chains.png'].map((name) => join(out, name));
  expect(await mdensityJson(...demo, '--steps', '2')).toEqual({ files });
  expect((await readdir(out)).sort()).toEqual(['chains.png', 'report.html', 'run', 'samples.png']);
  for (const picture of files.slice(1)) {
    expect((await sharp(picture).metadata()).format).toBe('png');
  }
  await expectPage(await readFile(join(out, 'report.html'), 'utf8'));

  const model = join(out, 'run', 'model.onnx');
  const [{ mtimeMs }, samples] = [await stat(model), await readFile(join(out, 'samples.png'))];
  expect(await mdensityJson(...demo, '--steps', '2')).toEqual({ files });
  expect((await stat(model)).mtimeMs).toBe(mtimeMs);
  expect((await readFile(join(out, 'samples.png'))).equals(samples)).toBe(true);

  expect(await refusal(...demo, '--steps', '3')).toMatch(
    /demo\/run: was made with --steps 2 --seed 0; give the same, another --out, or remove/,
  );
  expect((await stat(model)).mtimeMs).toBe(mtimeMs);
});

async function expectPage(html: string) {
  const { headings, images, charts, text } = await openPage(html);
  expect(headings).toEqual([
    ...['Samples', 'Single chains', 'What the denoiser does', 'Training', 'Time', 'Configuration'],
  ]);
  expect([images.length, charts]).toEqual([4, 3]);
  for (const part of [
    'model.noise.sigma',
    'training.steps',
    'data.hash',
    'versions.node',
    'training rate',
  ])
    expect(text).toContain(part);
}

test('demo refuses in one line what it cannot do', async () => {
  const file = join(work, 'a-file');
  await writeFile(file, '');
  expect(await refusal('demo', '--steps', '0')).toMatch(/^--steps: must be at least 1; it is 0$/);
  expect(await refusal('demo', '--chain', '2')).toMatch(/Did you mean --chains\?/);
  expect(await refusal('demo', '--out', file)).toMatch(/a-file\/run: a part of the path is not/);
});
