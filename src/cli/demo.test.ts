import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Window } from 'happy-dom';
import sharp from 'sharp';
import { expect, test } from 'vitest';
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

/** The page stands alone: pictures and charts inside, no script, nothing to fetch, all tags closed. */
async function expectPage(html: string) {
  const window = new Window({ settings: { disableJavaScriptEvaluation: true } });
  // This parser loses its way in the style element of a chart.
  const charts = html.match(/<svg[\s\S]*?<\/svg>/g) ?? [];
  expect(charts).toHaveLength(1);
  const page = new window.DOMParser().parseFromString(html.replace(charts[0]!, ''), 'text/html');
  expect(Array.from(page.querySelectorAll('h2'), (title) => title.textContent)).toEqual([
    ...['Samples', 'Single chains', 'What the denoiser does', 'Training', 'Time', 'Configuration'],
  ]);
  const images = page.querySelectorAll('img');
  expect(images).toHaveLength(4);
  for (const image of images) {
    expect(image.getAttribute('alt')).not.toBe('');
    const source = image.getAttribute('src')!;
    expect(source).toMatch(/^data:image\/png;base64,/);
    const { format } = await sharp(Buffer.from(source.split(',')[1]!, 'base64')).metadata();
    expect(format).toBe('png');
  }
  expect(openTags(html)).toEqual([]);
  expect(html).not.toMatch(/<script|<link|<iframe|@import|url\(/i);
  expect(html.replaceAll('http://www.w3.org/', '')).not.toMatch(/(src|href)="?(https?:)?\/\//);
  const text = page.body.textContent;
  for (const part of [
    'model.sigma',
    'training.steps',
    'data.hash',
    'versions.node',
    'training rate',
  ])
    expect(text).toContain(part);
  expect(text).not.toMatch(/undefined|NaN|\[object/);
  await window.happyDOM.close();
}

/** Elements that are not closed where they should be. */
function openTags(html: string): string[] {
  const open: string[] = [];
  for (const [, slash, name = ''] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/gi)) {
    if (['meta', 'img', 'br'].includes(name)) continue;
    if (!slash) open.push(name);
    else if (open.pop() !== name) return [...open, name];
  }
  return open;
}

test('demo refuses in one line what it cannot do', async () => {
  const file = join(work, 'a-file');
  await writeFile(file, '');
  expect(await refusal('demo', '--steps', '0')).toMatch(/^--steps: must be at least 1; it is 0$/);
  expect(await refusal('demo', '--chain', '2')).toMatch(/Did you mean --chains\?/);
  expect(await refusal('demo', '--out', file)).toMatch(/a-file\/run: a part of the path is not/);
});
