/** Against the code that published diffusion models come from: same weights, image and noise. */
import { afterAll, describe, expect, test } from 'vitest';
import { sizeOf } from '../../graph/index.ts';
import { type DenoiserFile, openDenoiser } from '../denoiser-file.ts';
import { exportDenoiser } from '../export-denoiser.ts';
import { stepOfNoise } from '../schedule.ts';
import { diffusers } from './diffusers.ts';
import { type DiffusersFiles, readPretrained, toDiffusers } from './index.ts';
import type { Published, Recipe } from './recipe.ts';
import {
  caseOf,
  cases,
  diffusersFolder,
  noisyImage,
  oldDiffusersWeights,
  tinyRecipes,
  weightsOf,
} from './testing.ts';

const TOLERANCE = 1e-4;

const opened: DenoiserFile[] = [];
afterAll(() => Promise.all(opened.map((file) => file.release())));

async function open(recipe: Recipe, published: Published, sigma?: number) {
  const { config, parameters } = readPretrained(published, { recipe, sigma });
  const file = await openDenoiser(exportDenoiser(config, parameters), 'model');
  opened.push(file);
  if ('rate' in file) throw new Error('no family');
  return { file, config };
}

function publishedOf(name: string): { recipe: Recipe; published: Published } {
  const recipe = tinyRecipes[name];
  if (recipe === undefined) return { recipe: diffusers, published: diffusersFolder(name) };
  return { recipe, published: { source: name, weights: weightsOf(caseOf(name)), json: {} } };
}

describe.each(cases)('$name', ({ name, shape, label, levels }) => {
  const size = sizeOf(shape);
  const condition = typeof label === 'number' ? { class: label } : {};
  const { recipe, published } = publishedOf(name);

  test('the family gives the original x̂ at levels of steps and between them', async () => {
    const { file, config } = await open(recipe, published);
    for (const { sigma, time, output } of levels) {
      const y = noisyImage(sigma, size);
      const xhat = new Float32Array(size);
      await file.at(sigma, condition).denoise(y, xhat);
      const scale = Math.max(1, ...output.map(Math.abs));
      const worst = Math.max(...output.map((v, i) => Math.abs(v - xhat[i]!) / scale));
      expect(worst, `σ ${sigma}`).toBeLessThan(TOLERANCE);
      const own = config.diffusion!.time;
      if (!('schedule' in own)) continue;
      expect(stepOfNoise(own.schedule, 2 * sigma) * own.unit).toBeCloseTo(time, 3);
    }
  });

  test('one level is the family at it', async () => {
    const { sigma } = levels.at(-1)!;
    const [one, family] = await Promise.all([
      open(recipe, published, sigma),
      open(recipe, published),
    ]);
    const y = noisyImage(sigma, size);
    const results = [new Float32Array(size), new Float32Array(size)];
    await one.file.at(sigma, condition).denoise(y, results[0]!);
    await family.file.at(sigma, condition).denoise(y, results[1]!);
    const most = Math.max(1, ...results[1]!.map(Math.abs));
    const worst = Math.max(...results[0]!.map((v, i) => Math.abs(v - results[1]![i]!))) / most;
    expect(worst).toBeLessThan(1e-5);
  });
});

test('names of old releases of diffusers are read as the new ones', () => {
  const folder = diffusersFolder('diffusers-ddpm');
  const read = (weights: Published['weights']) =>
    readPretrained({ ...folder, weights }, { recipe: diffusers }).parameters;
  expect(read(oldDiffusersWeights())).toEqual(read(folder.weights));
});

describe('as a folder of diffusers', () => {
  const back = ({ json, weights }: DiffusersFiles): Published => ({
    source: 'back',
    json,
    weights,
  });

  test.each(['diffusers-ddpm', 'diffusers-resnet', 'diffusers-sample'])(
    '%s is what it was read from',
    (name) => {
      const read = readPretrained(diffusersFolder(name), { recipe: diffusers });
      const again = readPretrained(back(toDiffusers(read)), { recipe: diffusers });
      expect(again).toEqual(read);
    },
  );

  test.each(['guided-diffusion, classes', 'guided-diffusion, linear'])(
    '%s is there the same function',
    async (name) => {
      const { recipe, published } = publishedOf(name);
      const files = toDiffusers(readPretrained(published, { recipe }));
      const { file } = await open(diffusers, back(files));
      const { label, shape, levels } = caseOf(name);
      const { sigma, output } = levels[0]!;
      const xhat = new Float32Array(sizeOf(shape));
      const condition = typeof label === 'number' ? { class: label } : {};
      await file.at(sigma, condition).denoise(noisyImage(sigma, xhat.length), xhat);
      const scale = Math.max(1, ...output.map(Math.abs));
      const worst = Math.max(...output.map((v, i) => Math.abs(v - xhat[i]!) / scale));
      expect(worst).toBeLessThan(TOLERANCE);
    },
  );

  test.each([
    ['improved-diffusion', 'is told its step times 0.25'],
    ['consistency_models, EDM', 'is preconditioned by its noise'],
    ['diffusers-ncsnpp', 'has a network with layout'],
  ])('%s has no place there', (name, message) => {
    const { recipe, published } = publishedOf(name);
    expect(() => toDiffusers(readPretrained(published, { recipe }))).toThrow(message);
  });
});
