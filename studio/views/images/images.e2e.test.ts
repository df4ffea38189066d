import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { decodeNpy } from '../../../src/data/npy-decode.ts';
import { openDenoiser } from '../../../src/model/index.ts';
import { packagePath } from '../../../src/package-folder.ts';
import { walkJump } from '../../../src/sample/index.ts';
import { seriousFindings } from '../../testing/accessibility.ts';
import { expectNoSidewaysScroll } from '../../testing/browser.ts';
import {
  chooseModel,
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

test('the model in the box walks as in Node, and its samples, filmstrip and GIF are right', async () => {
  const { page, complaints } = await openView(
    '?v=1&chains=2&jumpEvery=2&seed=4&M=2&friction=0.5&open=2',
  );
  await press(page, 'Step');
  await waitForStep(page, 2);
  await press(page, 'Step');
  await waitForStep(page, 4);
  expect(await page.getByText(/^Runs on the processor/).count()).toBe(1);
  // Two chains of four steps.
  expect(await page.locator('.stage dl dd').nth(2).textContent()).toBe('8');
  await page.getByLabel('Measurement 2', { exact: true }).waitFor();

  const npy = await saved(page, 'Samples (NPY)');
  const { shape, data } = decodeNpy(npy.bytes, npy.name);
  expect([npy.name, ...shape]).toEqual(['mnist-samples.npy', 2, 1, 28, 28]);
  const denoiser = await openDenoiser(await readFile(packagePath('models/mnist/model.onnx')), '');
  const options = { chains: 2, measurements: 2, steps: 4, jumpEvery: 4, seed: 4 };
  for await (const { xhat } of walkJump(denoiser, { ...options, friction: 0.5 })) {
    expect(data).toHaveLength(xhat.length);
    for (const [i, x] of xhat.entries())
      expect(Math.abs(Number(data[i]) - x)).toBeLessThan(TOLERANCE);
  }

  // Two jumps of one chain, 28 pixels enlarged by 4, with a frame of one pixel before that.
  const strip = await saved(page, 'Filmstrip (PNG)');
  const { format, width, height } = await sharp(strip.bytes).metadata();
  expect([strip.name, format, width, height]).toEqual([
    ...['mnist-chain-2-filmstrip.png', 'png', 4 * (2 * 29 + 1), 4 * 30],
  ]);
  const gif = await saved(page, 'GIF');
  const film = await sharp(gif.bytes, { animated: true }).metadata();
  expect([gif.name, film.format, film.pages, film.width, film.pageHeight, film.loop]).toEqual([
    ...['mnist-chain-2.gif', 'gif', 2, 112, 112, 0],
  ]);
  // The last picture of the GIF is the last jump, to the step of a grey.
  const last = await sharp(gif.bytes, { page: 1 }).removeAlpha().raw().toBuffer();
  const error = Array.from({ length: 28 * 28 }, (_, i) => {
    const [row, column] = [Math.floor(i / 28), i % 28];
    const value = Number(data[28 * 28 + i]);
    return Math.abs(
      last[3 * (4 * row * 112 + 4 * column)]! - 255 * Math.min(1, Math.max(0, value)),
    );
  });
  expect(Math.max(...error)).toBeLessThan(3);
  expect(complaints).toEqual([]);
});

test('plays, goes on under its controls, and comes back by its link', async () => {
  const { page, complaints } = await openView('?v=1&chains=2&jumpEvery=1&open=1');
  await openWithSigma(page, multiple('half.onnx', 0.5), '0.5');
  await waitForStep(page, 1);
  await press(page, 'Play');
  await waitForStep(page, 3);
  const field = (name: string) => page.getByRole('spinbutton', { name });
  await field('Measurements M').fill('3');
  await field('Measurements M').press('Enter');
  await page.getByLabel('Measurement 3', { exact: true }).waitFor();
  await page.getByRole('combobox', { name: 'Kernel' }).selectOption('baoab');
  await field('Step size').fill('0.25');
  const walk = page.getByRole('combobox', { name: 'Walk' });
  await walk.selectOption('mean');
  await press(page, 'Pause');
  const before = await stepShown(page);
  expect(before).toBeGreaterThanOrEqual(3);
  await press(page, 'Step');
  await waitForStep(page, before + 1);
  await field('Chains').fill('5');
  await field('Chains').press('Enter');
  await page.locator('[data-chain="4"]').waitFor();
  expect(await stepShown(page)).toBe(1);
  await page.waitForFunction(() => location.hash.includes('chains=5'));

  await page.reload();
  await page.locator('[data-chain="4"]').waitFor();
  expect(await page.getByRole('combobox', { name: 'Kernel' }).inputValue()).toBe('baoab');
  expect(await field('Measurements M').inputValue()).toBe('3');
  expect(await walk.inputValue()).toBe('mean');
  await page.getByRole('heading', { name: 'Chain 1' }).waitFor();
  // The file itself is not in a link: its name is, and it can be opened again.
  expect(await page.getByRole('alert').textContent()).toMatch(/no model “half.onnx” in the box/);
  await openWithSigma(page, multiple('half.onnx', 0.5), '0,5');
  await waitForStep(page, 1);
  expect(await page.getByRole('alert').count()).toBe(0);
  expect(complaints).toEqual([]);
});

test('a family is told class and level, and walks one measurement after another', async () => {
  const link = '?v=1&model=mnist-family&chains=2&jumpEvery=2&open=1';
  const { page, complaints } = await openView(link, { width: 360 });
  const command = page.locator('pre');
  expect(await command.textContent()).toContain('--class 0,1,2,3,4,5,6,7,8,9 --walk sequential');
  await press(page, 'Play');
  await waitForStep(page, 4);
  const field = (name: string) => page.getByRole('spinbutton', { name });
  const select = (name: string) => page.getByRole('combobox', { name, exact: true });
  expect(await field('Measurements M').isDisabled()).toBe(true);
  expect(await field('Measurements M').inputValue()).toBe('10');
  await select('Class').selectOption('7');
  await field('Class σ̃').fill('0.8');
  await field('Class σ̃').press('Enter');
  await page.getByText(/step \d+, class 7/).waitFor();
  // M = (1.6/0.8)².
  await page.getByLabel('Measurement 5', { exact: true }).waitFor({ state: 'detached' });
  expect(await field('Measurements M').inputValue()).toBe('4');
  expect(await seriousFindings(page)).toEqual([]);
  await expectNoSidewaysScroll(page);

  const alert = page.getByRole('alert');
  await dropOn(page, '[data-chain="1"]', [await evenPicture('red.png', '#ff0000')]);
  await alert.filter({ hasText: /^one at a time, every jump begins anew/ }).waitFor();
  await waitForStep(page, (await stepShown(page)) + 4);
  await alert.getByRole('button').click();
  await select('Walk').selectOption('joint');
  await page.waitForFunction(() => document.querySelector('pre')?.textContent.includes('joint'));
  expect(await command.textContent()).toContain(
    '--class 7 --walk joint --sigma 0.8 --measurements 1 --friction 0.0625',
  );
  await waitForStep(page, (await stepShown(page)) + 4);

  // Another model while it plays: what it does not know is gone, and comes back with the family.
  await select('Model').selectOption('mnist');
  await page.waitForFunction(() => !location.hash.includes('family'));
  expect(await select('Class').count()).toBe(0);
  expect(await select('Walk').locator('option').count()).toBe(2);
  await page.getByText(/class 7/).waitFor({ state: 'detached' });
  await waitForStep(page, 4);
  await select('Model').selectOption('mnist-family');
  await page.getByText(/step \d+, class 0/).waitFor();
  await waitForStep(page, 4);
  expect(await select('Walk').inputValue()).toBe('sequential');
  expect(await select('Class').inputValue()).toBe('each');
  expect(await alert.count()).toBe(0);
  expect(complaints).toEqual([]);
});

test('chains are reached and opened by keyboard', async () => {
  const { page } = await openView('?v=1&chains=30');
  await page.locator('[data-chain="0"]').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  const focused = await page.evaluate(() =>
    Number((document.activeElement as HTMLElement).dataset.chain),
  );
  expect(focused).toBeGreaterThan(1);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: `Chain ${focused + 1}`, exact: true }).waitFor();
  expect(await page.locator('[data-chain][tabindex="0"]').count()).toBe(1);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /^Chain \d/ }).waitFor({ state: 'detached' });
});

test.each(['light', 'dark'] as const)(
  'at work it is accessible, and fits a phone, %s',
  async (colorScheme) => {
    const { page } = await openView('?v=1&chains=4&M=20&open=2', { width: 360, colorScheme });
    await openWithSigma(page, multiple('half.onnx', 0.5, 3), '0.5');
    await page.getByLabel('Measurement 20', { exact: true }).waitFor();
    await chooseModel(page, { ...multiple('no.onnx', 1), buffer: Buffer.from('nothing') });
    await page.getByRole('alert').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page);
  },
);
