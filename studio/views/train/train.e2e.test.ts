import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Download, Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { mdensityJson } from '../../../src/cli/testing.ts';
import { inMemory } from '../../../src/data/index.ts';
import { readNpy } from '../../../src/data/node/index.ts';
import {
  createModel,
  exportDenoiser,
  type ModelConfig,
  openDenoiser,
} from '../../../src/model/index.ts';
import { initializeParameters } from '../../../src/nn/index.ts';
import { createTrainer } from '../../../src/train/index.ts';
import { decodeLink, splitHash } from '../../link.ts';
import { seriousFindings } from '../../testing/accessibility.ts';
import { expectNoSidewaysScroll, waitForView } from '../../testing/browser.ts';
import { button, openTrain, small, train, waitForText } from '../../testing/train.ts';
import { planeExamples } from './examples.ts';
import { emptyHistory, recentLoss, withLosses } from './history.ts';
import { modelOf, trainingOf } from './plan.ts';
import { schema } from './schema.ts';

const work = await mkdtemp(join(tmpdir(), 'mdensity-train-'));
afterAll(() => rm(work, { recursive: true }));
const at = (name: string) => join(work, name);

const lossOf = async (page: Page) => Number(await page.locator('.run .loss dd').textContent());

async function save(page: Page, name: string): Promise<string> {
  const waiting = page.waitForEvent('download');
  await button(page, name).click();
  const download: Download = await waiting;
  const path = at(download.suggestedFilename());
  await download.saveAs(path);
  return path;
}

const give = (page: Page, file: string | { name: string; mimeType: string; buffer: Buffer }) =>
  page.locator('input[type=file]').setInputFiles(file);

/** The same training by the library in Node. */
async function trainInNode(query: string) {
  const settings = decodeLink(schema, query).state;
  const { values } = planeExamples(settings);
  const count = values.length / 2;
  const config = trainingOf(settings);
  const model = modelOf(settings);
  const trainer = await createTrainer({
    model: createModel(model),
    config,
    device: 'cpu',
    dataset: { name: 'points', count, shape: [2], hash: '', ...inMemory(values, count) },
  });
  const losses: number[] = [];
  while (trainer.step < config.steps) {
    losses.push(...(await trainer.advance(config.steps - trainer.step)).map(({ loss }) => loss));
  }
  const file = exportDenoiser(model, await trainer.average());
  await trainer.release();
  return { losses, file };
}

test('trains, stops, goes on, and what it learned is what Node learns', async () => {
  const query = `${small}&steps=2000&every=500&rate=0.003&seed=3`;
  const { page, complaints } = await openTrain(query);
  await button(page, 'Train').click();
  await waitForText(page, /step [1-9]/);
  await button(page, 'Stop').click();
  await button(page, 'Continue').waitFor();
  const stopped = await page.locator('.steps').textContent();
  await page.waitForTimeout(500);
  expect(await page.locator('.steps').textContent()).toBe(stopped);
  await button(page, 'Continue').click();
  await waitForText(page, /step 2,000 of 2,000/);
  await page.getByText('at step 2,000').first().waitFor();
  expect(await page.locator('.run').textContent()).toMatch(/on the processor/);

  // To the same numbers as a training in Node that never stopped: 2,000 steps of rounding apart.
  const node = await trainInNode(query);
  const loss = recentLoss(withLosses(emptyHistory(), node.losses))!;
  expect(Math.abs((await lossOf(page)) - loss)).toBeLessThan(5e-3);
  expect(loss).toBeLessThan(node.losses[0]! / 4);
  const theirs = await openDenoiser(await readFile(await save(page, 'Save model.onnx')), 'page');
  const ours = await openDenoiser(node.file, 'node');
  const z = Float32Array.from({ length: 40 }, (_, i) => 3 * Math.cos(i));
  const [there, here] = [new Float32Array(40), new Float32Array(40)];
  await theirs.denoise(z, there);
  await ours.denoise(z, here);
  here.forEach((value, i) => {
    expect(Math.abs(value - there[i]!)).toBeLessThan(0.05);
  });
  expect(complaints).toEqual([]);
});

test('a saved model is walked by the command line, and a model from Node goes on here', async () => {
  const { page, complaints } = await openTrain(`${small}&target=rings`);
  await train(page);
  const path = await save(page, 'Save model.onnx');
  await mdensityJson(
    ...['sample', '--model', path, '--chains', '5', '--burn-in', '0', '--steps', '20'],
    ...['--jump-every', '20', '--out', at('samples.npy')],
  );
  expect((await readNpy(at('samples.npy'))).shape).toEqual([5, 1, 2]);

  const { file } = await trainInNode(`${small}&target=checkerboard&sigma=0.8&rate=0.004`);
  await writeFile(at('from-node.onnx'), file);
  await give(page, at('from-node.onnx'));
  await page.getByText('goes on from from-node.onnx').first().waitFor();
  expect(await page.getByRole('spinbutton', { name: 'Noise σ' }).inputValue()).toBe('0.8');
  // It is walked before any step of its own.
  await page.getByText('at step 0').first().waitFor();
  await button(page, 'Continue').click();
  await waitForText(page, /step 60 of 60/);
  expect(complaints).toEqual([]);
});

test('a checkpoint goes on in another page, with its settings', async () => {
  const query = `${small}&target=two-moons&seed=9&sigma=0.6`;
  const first = await openTrain(query);
  await train(first.page);
  const path = await save(first.page, 'Save checkpoint');
  const { page, complaints } = await openTrain('v=1');
  await give(page, path);
  await waitForText(page, /step 60 of 60/);
  expect(decodeLink(schema, splitHash(await hashWith(page, 'seed=9')).query).state).toMatchObject({
    seed: 9,
    sigma: 0.6,
    batch: 16,
  });
  // Two checkpoints at the same step hold the same bytes: all of it came across.
  expect(await readFile(await save(page, 'Save checkpoint'))).toEqual(await readFile(path));
  await page.getByRole('spinbutton', { name: 'Steps' }).fill('90');
  await page.getByRole('spinbutton', { name: 'Steps' }).press('Enter');
  await button(page, 'Continue').click();
  await waitForText(page, /step 90 of 90/);
  expect(complaints).toEqual([]);
});

/** The page's hash once it holds some text. */
async function hashWith(page: Page, text: string): Promise<string> {
  await page.waitForFunction((wanted) => location.hash.includes(wanted), text);
  return page.evaluate(() => location.hash);
}

test('another model asks to start again; what can go on goes on', async () => {
  const { page, complaints } = await openTrain(small);
  await train(page);
  const sigma = page.getByRole('spinbutton', { name: 'Noise σ' });
  await sigma.fill('0.9');
  await sigma.press('Enter');
  await page.getByText(/another model: σ̃ 0.5 → 0.9/).waitFor();
  await button(page, 'Put settings back').click();
  expect(await sigma.inputValue()).toBe('0.5');
  await sigma.fill('0.9');
  await sigma.press('Enter');
  await button(page, 'Start again with this').click();
  await waitForText(page, /step 60 of 60/);
  expect(await page.getByText(/another model/).count()).toBe(0);
  expect(await hashWith(page, 'sigma=0.9')).toMatch(/^#\/train\?v=1&/);
  await page.reload();
  await waitForView(page);
  expect(await sigma.inputValue()).toBe('0.9');
  expect(await page.getByRole('spinbutton', { name: 'Batch size' }).inputValue()).toBe('16');
  expect(complaints).toEqual([]);
});

test('files that are no model, and numbers that explode, give a message and no more', async () => {
  const { page, complaints } = await openTrain(`${small}&rate=10&optimizer=adagrad&steps=5000`);
  const file = (name: string, text: string) => ({
    name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(text),
  });
  const files = page.getByRole('alert');
  await give(page, file('cat.png', 'meow'));
  await files.filter({ hasText: /cat\.png: is neither a model/ }).waitFor();
  await give(page, file('broken.onnx', 'no protocol buffer at all'));
  await files.filter({ hasText: /broken\.onnx/ }).waitFor();
  const cifar = new URL('../../../models/cifar10/model.onnx', import.meta.url);
  await give(page, { name: 'cifar.onnx', mimeType: '', buffer: await readFile(cifar) });
  await files.filter({ hasText: /cifar\.onnx: .*\[3, 32, 32\]/ }).waitFor();
  await button(page, 'Close this message').click();
  await page.getByRole('combobox', { name: 'Density of x' }).selectOption('points');
  await button(page, 'Train').click();
  await page
    .getByRole('alert')
    .filter({ hasText: /draw at least one point/ })
    .waitFor();
  await page.getByRole('combobox', { name: 'Density of x' }).selectOption('two-moons');
  await button(page, 'Train').click();
  await waitForText(page, /step [1-9]/);
  expect(complaints).toEqual([]);
});

test('a loss that is no number ends a training with a line, and another starts', async () => {
  const { page, complaints } = await openTrain(`${small}&rate=10&warmup=0&batch=1&steps=5000`);
  // Points so far away that squares of what the network makes of them are too large for a float.
  const far = {
    parametrization: 'gps',
    view: 'denoised',
    noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
    shape: [2],
  };
  const model = { ...far, network: { type: 'mlp', width: 8, layers: 1 } } as ModelConfig;
  const parameters = initializeParameters(createModel(model).specs, 0).map((value) => value * 1e30);
  await give(page, {
    name: 'huge.onnx',
    mimeType: '',
    buffer: Buffer.from(exportDenoiser(model, parameters)),
  });
  await page.getByText('goes on from huge.onnx').first().waitFor();
  await button(page, 'Continue').click();
  await page
    .getByRole('alert')
    .filter({ hasText: /step 1: the loss is .*learning rate/ })
    .waitFor();
  await button(page, 'Start again').click();
  await waitForText(page, /step [1-9]/);
  expect(complaints).toEqual([]);
});

test('digits are learned beside their data, light and dark, on a phone too', async () => {
  const digits = `${small}&data=digits8&network=digits8&steps=6&every=3&walk=2&batch=8`;
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, complaints } = await openTrain(digits, { width: 360, colorScheme });
    await page.getByRole('img', { name: '16 examples of the data' }).waitFor();
    await train(page, 6);
    await page.getByRole('img', { name: '16 samples of the network' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page);
    expect(complaints).toEqual([]);
  }
});

test('by keyboard alone: a point is drawn, learned from, and the training is kept over a visit', async () => {
  const { page, complaints } = await openTrain(`${small}&target=points`);
  const plane = page.getByRole('application');
  await plane.focus();
  for (const key of ['Enter', 'ArrowRight', 'Shift+ArrowRight', 'Enter']) {
    await page.keyboard.press(key);
  }
  await hashWith(page, 'points=0,0;1.1,0');
  await button(page, 'Train').focus();
  await page.keyboard.press('Enter');
  await waitForText(page, /step 60 of 60/);
  await page.locator('header nav a').first().click();
  await page.waitForFunction(() => location.hash.startsWith('#/shape'));
  await page.locator('header nav a').nth(3).click();
  await waitForText(page, /step 60 of 60/);
  expect(complaints).toEqual([]);
});
