/** Against NVlabs/edm's own networks: pickles as that project writes them, and what they make. */
import { afterAll, describe, expect, test } from 'vitest';
import { sizeOf } from '../../graph/index.ts';
import { type DenoiserFile, openDenoiser } from '../denoiser-file.ts';
import { exportDenoiser } from '../export-denoiser.ts';
import { edm } from './edm.ts';
import { readPretrained, toDiffusers } from './index.ts';
import type { Published } from './recipe.ts';
import { edmCases, edmPublished, noisyImage } from './testing.ts';

/** All parameters of the fixtures move x̂ by ten times that. */
const TOLERANCE = 1e-5;

const opened: DenoiserFile[] = [];
afterAll(() => Promise.all(opened.map((file) => file.release())));

test.each(edmCases)('$name: the family gives the original x̂ at every level', async (theirs) => {
  const { name, shape, label, levels } = theirs;
  const { config, parameters } = readPretrained(edmPublished(name), { recipe: edm });
  const file = await openDenoiser(exportDenoiser(config, parameters), 'model');
  opened.push(file);
  if ('rate' in file) throw new Error('no family');
  const condition = typeof label === 'number' ? { class: label } : {};
  for (const { sigma, output } of levels) {
    // Two at once: filters see each image alone.
    const size = sizeOf(shape);
    const xhat = new Float32Array(2 * size);
    const y = new Float32Array(2 * size);
    y.set(noisyImage(sigma, size), size);
    await file.at(sigma, condition).denoise(y, xhat);
    const scale = Math.max(1, ...output.map(Math.abs));
    const worst = Math.max(...output.map((v, i) => Math.abs(v - xhat[size + i]!) / scale));
    expect(worst, `σ ${sigma}`).toBeLessThan(TOLERANCE);
  }
});

const read = (published: Published) => readPretrained(published, { recipe: edm });

test.each([
  ['edm-ddpmpp', 0.001, 40],
  ['edm-vp', 0.0005, 76.1],
  ['edm-ve', 0.01, 50],
])('%s is sampled at levels that it was trained at', (name, from, to) => {
  const { noise } = read(edmPublished(name)).config;
  const { levels } = noise as { readonly levels: { readonly from: number; readonly to: number } };
  expect(levels.from).toBeCloseTo(from, 4);
  expect(levels.to).toBeCloseTo(to, 1);
});

test('a model says its licence', () => {
  expect(read(edmPublished('edm-adm')).config.source!.licence).toBe('CC BY-NC-SA 4.0');
});

describe('what is not as the project has it is one line', () => {
  const whole = edmPublished('edm-ddpmpp');

  /** The file with other settings of modules, or without some tensors. */
  function changed(
    settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
    {
      without,
      more = {},
    }: { readonly without?: RegExp; readonly more?: Published['weights'] } = {},
  ): Published {
    const modules = Object.entries(whole.modules!).map(([path, own]) => {
      const { class: name = own.class, ...rest } = settings[path] ?? {};
      return [path, { class: `${name}`, settings: { ...own.settings, ...rest } }] as const;
    });
    const kept = Object.entries(whole.weights).filter(([name]) => !without?.test(name));
    const weights = { ...Object.fromEntries(kept), ...more };
    return { ...whole, weights, modules: Object.fromEntries(modules) };
  }

  const ofHeads = (count: number) =>
    Object.fromEntries(
      Object.entries(whole.modules!)
        .filter(([, { settings }]) => settings.num_heads === 1)
        .map(([path]) => [path, { num_heads: count }]),
    );
  const block = 'model.enc.8x8_block0';
  const array = (shape: readonly number[]) => ({ shape, data: new Float32Array(sizeOf(shape)) });
  const filter = { 'model.dec.8x8_up.conv0.resample_filter': array([1, 1, 3, 3]) };

  test.each([
    ['a state_dict', { ...whole, modules: undefined }, 'is no pickle of NVlabs/edm'],
    ['another class', changed({ '': { class: 'Precond' } }), 'is of class Precond; known are EDMP'],
    ['another σ_d', changed({ '': { sigma_data: 1 } }), 'setting sigma_data: '],
    ['no size', changed({ '': { img_resolution: null } }), 'setting img_resolution: '],
    ['another size', changed({ '': { img_resolution: 16 } }), 'levels of 8, 4 pixels, not halves'],
    [
      'another network',
      changed({ model: { class: 'Discriminator' } }),
      'has a network Discriminator; known are SongUNet, DhariwalUNet',
    ],
    ['another noise', changed({ 'model.map_noise': { max_positions: 7 } }), 'embeds the noise by'],
    ['other sums', changed({ [block]: { skip_scale: 1 } }), 'no skip_scale that all of UNetBlock'],
    ['other groups', changed({ [`${block}.norm0`]: { num_groups: 1 } }), 'norm0 has 1 groups of 8'],
    ['other heads', changed({ 'model.dec.4x4_in0': { num_heads: 2 } }), 'heads of several numbers'],
    ['heads that do not fit', changed(ofHeads(3)), 'do not split into 3 heads'],
    ['heads of no number', changed(ofHeads(0.5)), 'its numHeads: '],
    ['another filter', changed({}, { more: filter }), 'resamples by 0.5,0.5 and 0,0,0; known are'],
    ['no first block', changed({}, { without: /8x8_block0\.conv1/ }), 'lacks model.enc.8x8_block0'],
    ['a missing tensor', changed({}, { without: /in1\.conv0\.bias/ }), 'network: 1 missing'],
    ['an extra tensor', changed({}, { more: { 'model.x': array([2]) } }), '1 extra (model.x)'],
  ])('%s', (_, published, message) => {
    expect(() => read(published)).toThrow(message);
    expect(() => read(published)).toThrow(/^edm-ddpmpp\.pkl: [^\n]*$/);
  });
});

test.each([
  ['edm-ddpmpp', 'has a network with layout'],
  ['edm-iddpm-cond', 'has a network with groupSize'],
])('%s has no place in diffusers', (name, message) => {
  expect(() => toDiffusers(read(edmPublished(name)))).toThrow(message);
});
