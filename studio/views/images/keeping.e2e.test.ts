/** What stays while something else changes. */
import { expect, test } from 'vitest';
import { isInSight } from '../../testing/browser.ts';
import {
  chooseModel,
  dropOn,
  multiple,
  openView,
  openWithSigma,
  press,
  stepShown,
  textFile,
  waitForStep,
} from '../../testing/images.ts';

test('it goes on playing while another device and another model are chosen', async () => {
  const { page, complaints } = await openView('?v=1&chains=2&jumpEvery=1&pace=60');
  await openWithSigma(page, multiple('half.onnx', 0.5), '0.5');
  await waitForStep(page, 1);
  await press(page, 'Play');
  await waitForStep(page, 3);
  const device = page.getByRole('combobox', { name: 'Device' });
  for (const [name, value] of [
    ['cpu', 'chosen'],
    ['auto', 'no WebGPU|WebGPU finds'],
    ['cpu', 'chosen'],
  ] as const) {
    await device.selectOption(name);
    await page.getByText(new RegExp(`^Runs on the processor.*(${value})`)).waitFor();
    await waitForStep(page, 3);
  }
  await openWithSigma(page, multiple('third.onnx', 1 / 3), '0.5');
  await page.waitForFunction(() => location.hash.includes('third.onnx'));
  await waitForStep(page, 5);
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
  expect(complaints).toEqual([]);
});

test('a file that is no model leaves the walk and the link as they are', async () => {
  const { page, complaints } = await openView('?v=1&chains=2&jumpEvery=1');
  await openWithSigma(page, multiple('half.onnx', 0.5), '0.5');
  await waitForStep(page, 1);
  await press(page, 'Step');
  await waitForStep(page, 2);
  await chooseModel(page, textFile('notes.onnx'));
  await page
    .getByRole('alert')
    .filter({ hasText: /^notes\.onnx: / })
    .waitFor();
  await page.waitForTimeout(300);
  expect(await page.evaluate(() => location.hash)).toContain('model=half.onnx');
  expect(await stepShown(page)).toBe(2);
  await press(page, 'Step');
  await waitForStep(page, 3);
  expect(complaints).toEqual([]);
});

test('chains stay where they are while another view is shown, and go on', async () => {
  const { page, complaints } = await openView('?v=1&chains=2&jumpEvery=1&pace=60');
  await openWithSigma(page, multiple('half.onnx', 0.5), '0.5');
  await waitForStep(page, 1);
  await press(page, 'Play');
  await waitForStep(page, 4);
  await page.locator('header nav a').first().click();
  await page.getByRole('region', { name: 'Spectrum' }).waitFor();
  await page.locator('header nav a').nth(2).click();
  await page.locator('[data-chain="1"]').waitFor();
  const back = await stepShown(page);
  expect(back).toBeGreaterThanOrEqual(4);
  await waitForStep(page, back + 2);
  expect(complaints).toEqual([]);
});

test('a picture that cannot be read is said where a phone shows it', async () => {
  const { page } = await openView('?v=1&chains=2&jumpEvery=1', { width: 360 });
  await openWithSigma(page, multiple('half.onnx', 0.5), '0.5');
  await waitForStep(page, 1);
  await page.locator('[aria-label="Save"]').scrollIntoViewIfNeeded();
  await dropOn(page, '[data-chain="0"]', [textFile('notes.txt')]);
  await page.getByRole('alert').waitFor();
  expect(await isInSight(page, '[role=alert]')).toBe(true);
});

test('cheng at the friction of the view has a hint, and a way on', async () => {
  const { page } = await openView('?v=1&kernel=cheng');
  await page.getByText(/cheng is unstable/).waitFor();
  await page.getByRole('button', { name: /^Set friction to/ }).click();
  await page.getByText(/cheng is unstable/).waitFor({ state: 'detached' });
});
