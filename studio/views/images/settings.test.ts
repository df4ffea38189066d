import { expect, test } from 'vitest';
import type { ModelConfig } from '../../../src/model/index.ts';
import { toldOfBox } from '../../engine/box.ts';
import type { ModelFacts } from '../../engine/protocol.ts';
import { memberOf, nearestLevel, toldOf } from '../../engine/told.ts';
import { decodeLink, encodeLink } from '../../link.ts';
import { type Kept, partOf } from './kept.ts';
import { type ImagesState, schema } from './schema.ts';
import {
  callsOfJump,
  callsOfStep,
  classesFor,
  classOfChain,
  kernelsFor,
  numbersFor,
  sameSettings,
  servedBy,
  settingsOf,
  stateOf,
  suitedTo,
  walksFor,
} from './settings.ts';
import { dimensionsOf, imageShapeOf, sameShape } from './shape.ts';

const { state } = decodeLink(schema, '');
const gps = { stacked: 1, hasEnergy: false };
const told = toldOfBox('mnist-family')!;
const family = { ...gps, ...told };

test('state and settings say the same', () => {
  const settings = settingsOf({ ...state, M: 4, walk: 'mean', kernel: 'ula', chains: 3 });
  expect(settings).toMatchObject({ measurements: 4, walk: 'mean', kernel: 'ula', chains: 3 });
  expect(settingsOf({ ...state, ...stateOf(settings) })).toEqual(settings);
  for (const [name, value] of [
    ['any', undefined],
    ['each', 'each'],
    ['7', 7],
  ] as const) {
    const own = settingsOf({ ...state, class: name, sigma: 0.7 });
    expect(own).toMatchObject({ effectiveSigma: 0.7, class: value });
    expect(stateOf(own)).toMatchObject({ class: name, sigma: 0.7 });
  }
  expect(sameSettings(settings, { ...settings })).toBe(true);
  expect(sameSettings(settings, { ...settings, class: 0 })).toBe(false);
  expect(sameSettings(settings, { ...settings, friction: 1 })).toBe(false);
});

const drawn: Kept = {
  shape: { channels: 1, height: 1, width: 2 },
  picture: Float32Array.of(0.5, 1),
  mask: Uint8Array.of(1, 0),
};

test('what is kept goes with the settings, and how it is held with the state', () => {
  const measured = settingsOf(state, drawn);
  expect(measured.kept).toEqual(partOf(drawn));
  const within = settingsOf({ ...state, hold: 'within', keptNoise: 0.2 }, drawn);
  expect(within.kept).toEqual(partOf(drawn, 0.2));
  expect(stateOf(within)).toMatchObject({ hold: 'within', keptNoise: 0.2 });
  expect(stateOf(measured)).toMatchObject({ hold: 'measured' });
  expect(sameSettings(measured, settingsOf(state, { ...drawn }))).toBe(true);
  expect(sameSettings(measured, within)).toBe(false);
  expect(sameSettings(measured, settingsOf(state))).toBe(false);
});

test('what is kept is held as the walk and the model can', () => {
  const measured = settingsOf({ ...state, walk: 'sequential' }, drawn);
  const { settings, note } = servedBy(family, measured);
  expect(settings.kept?.noise).toBe(0.5);
  expect(note).toMatch(/One at a time, what is kept cannot be measured once/);
  const within = settingsOf({ ...state, hold: 'within', M: 4 }, drawn);
  expect(servedBy(family, within)).toEqual({ settings: within });
  const stacked = servedBy({ stacked: 4, hasEnergy: true }, within);
  expect(stacked.settings.kept?.noise).toBeUndefined();
  expect(stacked.note).toMatch(/cannot be guided/);
});

test('guidance is for models that know pictures without a class', () => {
  const guided = settingsOf({ ...state, class: '3', guidance: 3 });
  expect(servedBy(family, guided).settings.guidance).toBe(3);
  const classes = { ...family.classes!, dropout: 0 };
  const { settings, note } = servedBy({ ...family, classes }, guided);
  expect(settings.guidance).toBe(1);
  expect(note).toMatch(/never trained without a class/);
  const facts = { ...family, sigma: 0.5 } as unknown as ModelFacts;
  expect(callsOfStep(facts, guided)).toBe(2);
  expect(callsOfStep(facts, { ...guided, kernel: 'shen-lee', guidance: 1 })).toBe(2);
});

test('a link holds all of the state', () => {
  const other: ImagesState = {
    model: 'my net.onnx',
    device: 'cpu',
    chains: 9,
    M: 16,
    kernel: 'baoab',
    open: 3,
    stepSize: 0.7,
    friction: 0.125,
    class: '3',
    walk: 'mean',
    sigma: 0.3,
    jumpEvery: 2,
    pace: 10,
    seed: 5,
    guidance: 2.5,
    hold: 'within',
    keptNoise: 0.3,
  };
  const hash = encodeLink('images', schema, other);
  expect(decodeLink(schema, hash.split('?')[1]!)).toEqual({ state: other });
  expect(decodeLink(schema, 'v=1&chains=101&kernel=nuts').problem).toMatch(
    /chains=101, kernel=nuts/,
  );
});

test('a model of the mean serves every M, and no accept test without an energy', () => {
  const settings = settingsOf({ ...state, M: 7, walk: 'mean' });
  expect(servedBy(gps, settings)).toEqual({ settings });
  const { settings: served, note } = servedBy(gps, { ...settings, kernel: 'mala' });
  expect(served).toEqual({ ...settings, kernel: 'sachs' });
  expect(note).toMatch(/mala needs an energy/);
  expect(kernelsFor(gps)).not.toContain('malt');
  expect(kernelsFor({ ...gps, hasEnergy: true })).toContain('malt');
  expect(kernelsFor(undefined)).toContain('mala');
});

test('a model of all measurements is walked at its own M', () => {
  const { settings, note } = servedBy({ stacked: 4, hasEnergy: true }, settingsOf(state));
  expect(settings).toMatchObject({ measurements: 4, walk: 'joint' });
  expect(note).toMatch(/M = 4/);
  expect(servedBy({ stacked: 4, hasEnergy: true }, settings).note).toBeUndefined();
});

test('what a model is told is read of its configuration', () => {
  expect(told).toMatchObject({ sigma: 0.5, levels: { from: 0.2, to: 1.6 } });
  expect(told.classes?.names).toEqual([...'0123456789']);
  expect(toldOfBox('mnist')).toEqual({});
  expect(toldOf(undefined)).toEqual({});
  expect(toldOfBox('none')).toBeUndefined();
});

test('the member that is walked: as asked, or one at a time as the levels allow', () => {
  const walk = { walk: 'joint', measurements: 4, effectiveSigma: 0.8 } as const;
  const one = { sigma: 0.5, stacked: 1 };
  const of = (effectiveSigma: number, measurements: number, sigma: number) => ({
    effectiveSigma,
    measurements,
    sigma,
  });
  expect(memberOf(one, walk)).toEqual(of(0.5, 4, 1));
  expect(memberOf({ ...one, stacked: 4 }, walk)).toEqual(of(0.5, 4, 0.5));
  const several = { ...one, ...told, sigma: 0.5 };
  expect(memberOf(several, walk)).toEqual(of(0.8, 4, 1.6));
  expect(memberOf(several, { ...walk, effectiveSigma: 9 })).toEqual(of(1.6, 4, 3.2));
  expect(memberOf(several, { ...walk, walk: 'sequential' })).toEqual(of(0.8, 4, 1.6));
  expect(memberOf(several, { walk: 'sequential', measurements: 4 })).toMatchObject({
    effectiveSigma: 0.5,
    measurements: 10,
  });
  expect(nearestLevel({ values: [0.25, 0.5, 2] }, 1.2)).toBe(0.5);
});

test('one at a time, a jump takes 4 steps and one call for each block after the first', () => {
  const model = { ...family, sigma: 0.5 } as ModelFacts;
  const settings = settingsOf({ ...state, walk: 'sequential' });
  // M = 10 in blocks of 1, 1, 2, 4 and 2.
  expect(callsOfJump(model, settings)).toBe(4 * 5);
  expect(callsOfJump(model, { ...settings, kernel: 'shen-lee' })).toBe(4 * 9);
  expect(callsOfJump(model, { ...settings, walk: 'mean' })).toBe(0);
});

test('class, walk and level are those that a model knows', () => {
  const settings = settingsOf({ ...state, class: '12', walk: 'sequential', sigma: 3 });
  const served = servedBy(family, settings);
  expect(served.settings).toEqual({ ...settings, class: 'each', effectiveSigma: 1.6 });
  expect(served.note).toMatch(/no class 12.*does not know σ̃ = 3.*at 1\.6/);
  expect(servedBy(family, served.settings)).toEqual({ settings: served.settings });
  const plain = servedBy(gps, settings);
  expect(plain.settings).toEqual({ ...settings, class: undefined, walk: 'joint' });
  expect(plain.note).toMatch(/^One measurement at a time needs a model of several noise levels/);
  const required = { ...family, classes: { ...told.classes!, required: true } };
  expect(servedBy(required, settingsOf(state)).settings.class).toBe('each');
  expect(classesFor(required)).not.toContain('any');
  expect(classesFor(told).slice(0, 3)).toEqual(['each', 'any', { value: '0', label: '0' }]);
  expect(classesFor(toldOfBox('fashion-family')!).at(-1)).toEqual({
    value: '9',
    label: 'Ankle boot',
  });
  expect(walksFor({})).not.toContain('sequential');
  expect(classOfChain(told, 'each', 13)).toBe('3');
  expect(classOfChain(told, '7', 13)).toBe('7');
  expect(classOfChain(told, 'any', 13)).toBeUndefined();
});

test('a model and a walk begin as suits them, unless the reader chose otherwise', () => {
  const suits = { class: 'each', walk: 'sequential', stepSize: 0.7, friction: 0.25, jumpEvery: 40 };
  expect(decodeLink(schema, 'model=mnist-family').state).toMatchObject({ ...suits, sigma: 0.5 });
  expect(decodeLink(schema, 'model=mnist-family&walk=joint').state).toMatchObject({
    walk: 'joint',
    class: 'each',
    stepSize: 0.5,
    friction: 0.0625,
    jumpEvery: 5,
  });
  expect(decodeLink(schema, 'model=mnist&class=any').state).toMatchObject({ class: 'any' });
  const [plain, several] = [
    { name: 'mnist', told: {} },
    { name: 'mnist-family', told },
  ];
  expect(suitedTo(several, plain, state)).toEqual({ ...state, ...suits });
  const own = { ...state, walk: 'mean', friction: 1 } as const;
  const moved = { ...own, class: 'each' };
  expect(suitedTo(several, plain, own)).toEqual(moved);
  expect(suitedTo(plain, several, moved)).toEqual(own);
  expect(suitedTo(plain, several, { ...state, ...suits } as ImagesState)).toEqual(state);
  expect(numbersFor(several, { ...own, walk: 'sequential' }, 'mean')).toMatchObject({
    stepSize: 0.7,
    jumpEvery: 40,
  });
  expect(numbersFor(several, own, 'sequential')).not.toHaveProperty('friction');
});

test('an older link to the walk of the mean opens as that', () => {
  for (const [old, walk] of [
    ['mean=1', 'mean'],
    ['mean=0', 'joint'],
  ]) {
    expect(decodeLink(schema, `v=1&M=4&${old}`)).toEqual({ state: { ...state, M: 4, walk } });
  }
  expect(decodeLink(schema, 'v=1&mean=2').problem).toMatch(/mean=2/);
  expect(decodeLink(schema, 'v=1&toString=call').problem).toMatch(/toString=call/);
  expect(decodeLink(schema, 'v=1&class=seven').problem).toMatch(/class=seven/);
});

test('what is no picture is refused', () => {
  expect(imageShapeOf({ shape: [3, 4, 5], config: undefined }, 'a')).toEqual({
    channels: 3,
    height: 4,
    width: 5,
  });
  const alphabet = { letters: 'ACGT', gap: false };
  const ofSequences = { noise: { type: 'gaussian' }, alphabet } as ModelConfig;
  const sequences = imageShapeOf({ shape: [4, 9], config: ofSequences }, 'a');
  expect(sequences).toEqual({ channels: 1, height: 4, width: 9, alphabet });
  expect(dimensionsOf(sequences)).toEqual([4, 9]);
  expect(sameShape(sequences, { ...sequences })).toBe(true);
  expect(sameShape(sequences, { channels: 1, height: 4, width: 9 })).toBe(false);
  for (const shape of [[2], [2, 8, 8], [1, 8, 8, 8]]) {
    expect(() => imageShapeOf({ shape, config: undefined }, 'a.onnx')).toThrow(
      /^a\.onnx: its examples are of \[.*neither pictures nor sequences/,
    );
  }
});

test('a model of counts is walked jointly by leaps, and nothing of it is kept', () => {
  const counts = { rate: 4, background: 0.5 };
  const model = { ...gps, counts };
  expect(kernelsFor(model)).toEqual(['tau-leap', 'birth-death']);
  expect(walksFor(model)).toEqual(['joint']);
  const suited = suitedTo({ name: 'a', told: { counts } }, { name: 'mnist', told: {} }, state);
  expect(suited).toEqual({ ...state, kernel: 'tau-leap' });
  const { settings: asked } = { settings: settingsOf(suited) };
  expect(servedBy(model, asked)).toEqual({ settings: asked });
  expect(callsOfStep({ ...model } as ModelFacts, asked)).toBe(1);
  const back = suitedTo({ name: 'mnist', told: {} }, { name: 'a', told: { counts } }, suited);
  expect(back).toEqual(state);

  const { settings, note } = servedBy(
    model,
    settingsOf({ ...state, kernel: 'ula', walk: 'mean' }, drawn),
  );
  expect(settings).toMatchObject({ kernel: 'tau-leap', walk: 'joint', kept: undefined });
  expect(note).toMatch(/of counts, which are walked jointly.*is kept.*ula walks Gaussian noise/);
  const leaps = servedBy(gps, settingsOf({ ...state, kernel: 'birth-death' }));
  expect(leaps.settings.kernel).toBe('sachs');
  expect(leaps.note).toMatch(/birth-death walks counts, and this model is of Gaussian noise/);
  const config = { noise: { type: 'poisson' } } as ModelConfig;
  expect(imageShapeOf({ shape: [1, 2, 3], config }, 'a')).toEqual({
    channels: 1,
    height: 2,
    width: 3,
  });
});
