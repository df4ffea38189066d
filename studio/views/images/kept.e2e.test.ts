import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { mdensityJson } from '../../../src/cli/testing.ts';
import { decodeNpy } from '../../../src/data/npy-decode.ts';
import { type Denoiser, guided } from '../../../src/density/index.ts';
import { openDenoiser } from '../../../src/model/index.ts';
import { packagePath } from '../../../src/package-folder.ts';
import { fixedGuide, steeredAt, walkJump } from '../../../src/sample/index.ts';
import { seriousFindings } from '../../testing/accessibility.ts';
import { expectNoSidewaysScroll } from '../../testing/browser.ts';
import {
  dropOn,
  evenPicture,
  multiple,
  openView,
  openWithSigma,
  press,
  saved,
  stepShown,
  waitForStep,
} from '../../testing/images.ts';

/** Largest difference of a pixel after some steps in the browser and in Node. */
const TOLERANCE = 2e-4;
/** The same where a guide takes differences of float32 estimates, which magnify their rounding. */
const BY_DIFFERENCES = 0.02;

const work = await mkdtemp(join(tmpdir(), 'mdensity-kept-'));
afterAll(() => rm(work, { recursive: true }));

const field = (page: Page, name: string) => page.getByRole('spinbutton', { name, exact: true });

async function enter(page: Page, name: string, value: string): Promise<void> {
  await field(page, name).fill(value);
  await field(page, name).press('Enter');
}

const counted = (page: Page, text: string) => page.getByText(text).waitFor();

async function values(page: Page, name: string): Promise<Float32Array> {
  const { bytes, name: file } = await saved(page, name);
  return decodeNpy(bytes, file).data as Float32Array;
}

function expectNear(
  actual: Float32Array,
  expected: Float32Array,
  tolerance: number = TOLERANCE,
): void {
  expect(actual.length).toBe(expected.length);
  expect(farthest(actual, expected)).toBeLessThan(tolerance);
}

const farthest = (actual: Float32Array, expected: Float32Array) =>
  expected.reduce((most, value, i) => Math.max(most, Math.abs(actual[i]! - value)), 0);

test('chains fill in what is open as in Node, and as the command that is shown', async () => {
  const link = '?v=1&chains=2&jumpEvery=2&seed=4&M=2&friction=0.5&open=2';
  const { page, complaints } = await openView(link);
  await press(page, 'Step');
  await waitForStep(page, 2);
  await press(page, 'Take the jump of chain 2');
  await counted(page, '392 of 784 pixels are kept');
  await page.getByText('By rows and columns').click();
  await enter(page, 'Last row', '10');
  await enter(page, 'First column', '3');
  await counted(page, '260 of 784 pixels are kept');
  await press(page, 'Walk what is open');
  await page.getByText('The chains walk what is open of this picture.').waitFor();
  // Another kept part starts again, and shows its first jump.
  await page.waitForFunction(() => document.querySelector('pre')?.textContent.includes('--known'));
  await press(page, 'Step');
  await waitForStep(page, 4);
  const found = await values(page, 'Samples (NPY)');
  const known = await saved(page, 'Save it for the command');
  const kept = decodeNpy(known.bytes, known.name).data as Float32Array;
  const mask = Uint8Array.from(kept, (x) => (Number.isNaN(x) ? 0 : 1));
  expect(mask.reduce((sum, one) => sum + one, 0)).toBe(260);

  const bytes = await readFile(packagePath('models/mnist/model.onnx'));
  const denoiser = (await openDenoiser(bytes, '')) as Denoiser;
  const walk = { chains: 2, measurements: 2, steps: 4, jumpEvery: 4, seed: 4, friction: 0.5 };
  const fixed = { mask, values: kept };
  for await (const { xhat } of walkJump(denoiser, { ...walk, fixed })) expectNear(found, xhat);
  for (const [i, one] of mask.entries()) if (one) expect(found[784 + i]).toBe(kept[i]);

  await writeFile(join(work, 'known.npy'), known.bytes);
  const command = (await page.locator('pre').textContent())!.split(' ').slice(1);
  const place = (word: string) => (/\.npy$/.test(word) ? join(work, word) : word);
  const every = command.indexOf('--jump-every');
  command[every + 1] = '4';
  await mdensityJson(...command.map(place));
  const samples = await readFile(join(work, 'mnist.npy'));
  expectNear(found, decodeNpy(samples, 'mnist.npy').data as Float32Array);

  // Held within noise, at the same mask and seed.
  await page.getByRole('combobox', { name: 'Held' }).selectOption('within');
  await page.waitForFunction(() => document.querySelector('pre')?.textContent.includes('noise'));
  // It starts again: its first jump is at step 2, that of the walk before was at 4.
  await page.waitForFunction(
    () => document.querySelector('.stage dl dd')?.textContent?.trim() === '2',
  );
  await press(page, 'Step');
  await waitForStep(page, 4);
  const held = guided(denoiser, { guides: [fixedGuide(fixed, 0.5)] });
  const within = await values(page, 'Samples (NPY)');
  for await (const { xhat } of walkJump(held, walk)) expectNear(within, xhat, BY_DIFFERENCES);
  // What is not held is elsewhere by far.
  for await (const { xhat } of walkJump(denoiser, walk)) {
    expect(farthest(within, xhat)).toBeGreaterThan(10 * BY_DIFFERENCES);
  }
  // Four steps of two chains, twice the calls for each score.
  expect(await page.locator('.stage dl dd').nth(2).textContent()).toBe('16');
  await press(page, 'Let go');
  await page.waitForFunction(() => !document.querySelector('pre')?.textContent.includes('known'));
  expect(complaints).toEqual([]);
});

test('a part is painted by mouse and by finger, on a picture of the reader', async () => {
  const { page, complaints } = await openView('?v=1&chains=2&jumpEvery=1', {
    width: 360,
    touch: true,
  });
  await openWithSigma(page, multiple('half.onnx', 0.5, 3), '0.5');
  await waitForStep(page, 1);
  await page
    .locator('input[aria-label="A picture to keep a part of"]')
    .setInputFiles(await evenPicture('red.png', '#ff0000'));
  await counted(page, '32 of 64 pixels are kept');
  await press(page, 'Open all');
  await counted(page, '0 of 64 pixels are kept; keep some, and leave some open');
  expect(await page.getByRole('button', { name: 'Walk what is open' }).isDisabled()).toBe(true);
  await enter(page, 'Brush', '1');
  const canvas = page.getByRole('img', { name: /^The picture, of which/ });
  await canvas.scrollIntoViewIfNeeded();
  const box = (await canvas.boundingBox())!;
  const at = (column: number, row: number) =>
    [box.x + ((column + 0.5) / 8) * box.width, box.y + ((row + 0.5) / 8) * box.height] as const;
  await page.mouse.move(...at(1, 2));
  await page.mouse.down();
  await page.mouse.move(...at(6, 2), { steps: 3 });
  await page.mouse.up();
  await counted(page, '6 of 64 pixels are kept');
  await page.touchscreen.tap(...at(4, 6));
  await counted(page, '7 of 64 pixels are kept');
  await press(page, 'Leave open');
  await page.touchscreen.tap(...at(1, 2));
  await counted(page, '6 of 64 pixels are kept');
  await press(page, 'Swap');
  await counted(page, '58 of 64 pixels are kept');
  await press(page, 'Walk what is open');
  await page.waitForFunction(() => document.querySelector('pre')?.textContent.includes('--known'));
  const samples = await values(page, 'Samples (NPY)');
  // The corner is kept: red is all there, green is not.
  expect([samples[0], samples[64], samples[192]]).toEqual([1, 0, 1]);
  expect(await seriousFindings(page)).toEqual([]);
  await expectNoSidewaysScroll(page);

  await dropOn(page, '[data-keeps]', [await evenPicture('blue.png', '#0000ff')]);
  await page.getByText('The chains walk what was open before you drew.').waitFor();
  await press(page, 'Walk what is open');
  await page.getByText('The chains walk what is open of this picture.').waitFor();
  // A model of other pictures has nothing of it.
  await openWithSigma(page, multiple('grey.onnx', 0.5), '0.5');
  await canvas.waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
});

test('guidance goes beyond the class as in Node, and a jump says which measurement it is on', async () => {
  const link = '?v=1&model=mnist-family&chains=2&class=7&guidance=3&walk=joint&jumpEvery=2&seed=1';
  const { page, complaints } = await openView(link, { colorScheme: 'dark', width: 360 });
  await press(page, 'Step');
  await waitForStep(page, 2);
  const found = await values(page, 'Samples (NPY)');
  const onnx = await readFile(packagePath('models/mnist-family/model.onnx'));
  const model = await openDenoiser(onnx, '');
  if (model.rate !== undefined) throw new Error('a model of counts');
  const at = steeredAt(model.at, { condition: { class: 7 }, guidance: 3 });
  const walk = { chains: 2, steps: 2, jumpEvery: 2, seed: 1, friction: 0.0625 };
  for await (const { xhat } of walkJump(at(0.5), walk)) expectNear(found, xhat);
  expect(await page.locator('.stage dl dd').nth(2).textContent()).toBe('8');
  expect(await page.locator('pre').textContent()).toContain('--class 7 --guidance 3');

  await page.getByRole('combobox', { name: 'Walk', exact: true }).selectOption('sequential');
  await enter(page, 'Chains', '30');
  const seen = page.evaluate(async () => {
    const words = new Set<string>();
    const place = () => document.querySelector('.stage dl')?.textContent ?? '';
    for (let i = 0; i < 600 && words.size < 3; i++) {
      const [, now] = /measurement\s*(\S+ of \d+)/.exec(place()) ?? [];
      if (now) words.add(now);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return [...words];
  });
  await press(page, 'Play');
  const words = await seen;
  expect(words.length).toBeGreaterThanOrEqual(3);
  for (const one of words) expect(one).toMatch(/^(1|2|3–4|5–8|9–10|10) of 10$/);
  expect(await page.getByRole('button', { name: 'Tune step and friction' }).isDisabled()).toBe(
    true,
  );
  await press(page, 'Pause');
  expect(await seriousFindings(page)).toEqual([]);
  await expectNoSidewaysScroll(page);
  expect(complaints).toEqual([]);
});

test('a walk is tuned as mdensity sample --tune does, and a tuning can be ended', async () => {
  const { page, complaints } = await openView('?v=1&chains=8&jumpEvery=1&seed=2&model=half.onnx');
  const model = multiple('half.onnx', 0.5);
  await openWithSigma(page, model, '0.5');
  await waitForStep(page, 1);
  await press(page, 'Tune step and friction');
  await page.getByText(/^Tuned: steps of /).waitFor();
  const file = join(work, 'half.onnx');
  await writeFile(file, model.buffer);
  const { tuned } = await mdensityJson<{ tuned: { stepSize: number; friction: number } }>(
    ...['sample', '--model', file, '--sigma', '0.5', '--chains', '8', '--seed', '2', '--tune'],
    ...['--steps', '1', '--jump-every', '1', '--out', join(work, 'half.npy')],
  );
  expect(Number(await field(page, 'Step size').inputValue())).toBe(tuned.stepSize);
  expect(Number(await field(page, 'Friction γδ').inputValue())).toBe(tuned.friction);
  expect(await stepShown(page)).toBe(1);

  await page.getByRole('combobox', { name: 'Model' }).selectOption('mnist');
  await waitForStep(page, 1);
  await press(page, 'Tune step and friction');
  await page.getByRole('button', { name: 'End', exact: true }).click();
  await page.getByRole('button', { name: 'Tune step and friction' }).waitFor();
  expect(Number(await field(page, 'Step size').inputValue())).toBe(tuned.stepSize);
  expect(complaints).toEqual([]);
});
