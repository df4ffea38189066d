import { expect, test } from 'vitest';
import {
  chooseModel,
  dropOn,
  evenPicture,
  middleOf,
  multiple,
  openView,
  openWithSigma,
  press,
  textFile,
  waitForStep,
} from '../../testing/images.ts';

test('a picture that falls on a chain starts it, and the others stay', async () => {
  const { page, complaints } = await openView('?v=1&chains=3&jumpEvery=1');
  // ν(z) = z at little noise: a jump is what was walked, and the score is nothing.
  await openWithSigma(page, multiple('identity.onnx', 1, 3), '0.001');
  await waitForStep(page, 1);
  const before = await middleOf(page, 0);
  await dropOn(page, '[data-chain="1"]', [
    await evenPicture('red.png', '#ff0000'),
    await evenPicture('blue.png', '#0000ff'),
  ]);
  await waitForStep(page, 3);
  const [first, red, blue] = await Promise.all([0, 1, 2].map((chain) => middleOf(page, chain)));
  const near = (colour: readonly number[], wanted: readonly number[]) =>
    colour.forEach((value, k) => void expect(Math.abs(value - wanted[k]!)).toBeLessThan(6));
  near(red!, [255, 0, 0]);
  near(blue!, [0, 0, 255]);
  near(first!, before);
  await page.getByRole('checkbox', { name: 'Take the negative of pictures' }).check();
  await page
    .locator('input[aria-label="Pictures to start from"]')
    .setInputFiles(await evenPicture('red.png', '#ff0000'));
  await waitForStep(page, 4);
  near(await middleOf(page, 0), [0, 255, 255]);
  expect(complaints).toEqual([]);
});

test('files that are not what they should be are said in place, and the wall goes on', async () => {
  const { page, complaints } = await openView('?v=1&chains=2&jumpEvery=1');
  const alert = page.getByRole('alert');
  await chooseModel(page, textFile('notes.onnx'));
  await alert.waitFor();
  expect(await alert.textContent()).toMatch(/^notes\.onnx: /);
  await openWithSigma(page, multiple('half.onnx', 0.5), 'much');
  expect(await alert.textContent()).toMatch(/“much” is no number above 0/);
  await page.getByLabel(/Effective noise/).fill('0.5');
  await press(page, 'Open');
  await waitForStep(page, 1);
  expect(await alert.count()).toBe(0);
  await dropOn(page, '[data-chain="0"]', [textFile('notes.txt')]);
  expect(await alert.textContent()).toMatch(
    /^notes\.txt: is no picture that this browser can read/,
  );
  await press(page, 'Step');
  await waitForStep(page, 2);
  expect(await alert.count()).toBe(0);
  expect(complaints).toEqual([]);
});

test('a model that makes no pictures is refused', async () => {
  const { page } = await openView();
  await openWithSigma(page, multiple('two.onnx', 0.5, 2), '1');
  await page
    .getByText(/two\.onnx: its examples are of \[2, 8, 8\] and neither pictures nor sequences/)
    .waitFor();
});

test('a link to a model that is not there says so, and another one can be chosen', async () => {
  const { page } = await openView('?v=1&model=celeba&chains=2');
  const alert = page.getByRole('alert');
  expect(await alert.textContent()).toMatch(
    /no model “celeba” in the box \(cifar10, cifar10-family, fashion, fashion-family, mnist, mnist-family\)/,
  );
  await press(page, 'Play');
  expect(await alert.textContent()).toMatch(/no model “celeba”/);
  await page.getByRole('combobox', { name: 'Model' }).selectOption('mnist');
  await waitForStep(page, 1);
  expect(await alert.count()).toBe(0);
});

test('a load shows its progress and can be ended', async () => {
  const { page, complaints } = await openView('?v=1&chains=1');
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/*.onnx', async (route) => {
    await held;
    await route.abort().catch(() => undefined);
  });
  await press(page, 'Play');
  await page.getByRole('progressbar').waitFor();
  await press(page, 'Cancel');
  await page.getByRole('progressbar').waitFor({ state: 'detached' });
  expect(await page.getByRole('alert').count()).toBe(0);
  release();
  await page.unroute('**/*.onnx');
  await press(page, 'Step');
  await waitForStep(page, 1);
  expect(complaints).toEqual([]);
});

test('chains that diverge are said in place, with a way on', async () => {
  const { page, complaints } = await openView('?v=1&chains=2&jumpEvery=1&pace=60&stepSize=4');
  // The score pushes away from 0: no step size keeps these chains, and each message says so.
  await openWithSigma(page, multiple('away.onnx', 1e6), '0.1');
  await waitForStep(page, 1);
  await press(page, 'Play');
  const alert = page.getByRole('alert');
  await alert.waitFor();
  expect(await alert.textContent()).toMatch(/chain [12], step \d+: the (position|jump) is/);
  await press(page, 'Start again with steps half as long');
  await page.waitForFunction(() => location.hash.includes('stepSize=2'));
  await openWithSigma(page, multiple('half.onnx', 0.5), '0.5');
  await waitForStep(page, 1);
  await press(page, 'Play');
  await waitForStep(page, 3);
  expect(complaints).toEqual([]);
});

test('a browser without WebGPU walks on the processor and says why', async () => {
  const { page } = await openView('?v=1&chains=1&device=webgpu&model=x.onnx');
  await openWithSigma(page, multiple('x.onnx', 0.5), '0.5');
  await page.getByText(/^Runs on the processor, .* \(.*(WebGPU|graphics)/).waitFor();
});

test('controls go back where the model cannot serve them', async () => {
  const { page } = await openView('?v=1&chains=1&kernel=malt');
  await openWithSigma(page, multiple('half.onnx', 0.5), '0.5');
  await page.getByText(/The kernel malt needs an energy/).waitFor();
  expect(await page.getByRole('combobox', { name: 'Kernel' }).inputValue()).toBe('sachs');
});
