import { expect, test } from 'vitest';
import type { ModelConfig } from '../../../src/model/index.ts';
import { decodeLink, encodeLink } from '../../link.ts';
import { type ImagesState, schema } from './schema.ts';
import {
  imageShapeOf,
  kernelsFor,
  noiseOf,
  sameSettings,
  servedBy,
  settingsOf,
  stateOf,
} from './settings.ts';

const { state } = decodeLink(schema, '');
const gps = { stacked: 1, hasEnergy: false };

test('state and settings say the same', () => {
  const settings = settingsOf({ ...state, M: 4, mean: true, kernel: 'ula', chains: 3 });
  expect(settings).toMatchObject({ measurements: 4, meanWalk: true, kernel: 'ula', chains: 3 });
  expect(settingsOf({ ...state, ...stateOf(settings) })).toEqual(settings);
  expect(sameSettings(settings, { ...settings })).toBe(true);
  expect(sameSettings(settings, { ...settings, friction: 1 })).toBe(false);
});

test('a link holds all of the state', () => {
  const other: ImagesState = {
    ...{ model: 'my net.onnx', device: 'cpu', chains: 9, M: 16, kernel: 'baoab', open: 3 },
    ...{ stepSize: 0.7, friction: 0.125, mean: true, jumpEvery: 2, pace: 10, seed: 5 },
  };
  const hash = encodeLink('images', schema, other);
  expect(decodeLink(schema, hash.split('?')[1]!)).toEqual({ state: other });
  expect(decodeLink(schema, 'v=1&chains=101&kernel=nuts').problem).toMatch(
    /chains=101, kernel=nuts/,
  );
});

test('a model of the mean serves every M, and no accept test without an energy', () => {
  const settings = settingsOf({ ...state, M: 7, mean: true });
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
  expect(settings).toMatchObject({ measurements: 4, meanWalk: false });
  expect(note).toMatch(/M = 4/);
  expect(servedBy({ stacked: 4, hasEnergy: true }, settings).note).toBeUndefined();
});

test('noise of a measurement', () => {
  expect(noiseOf({ sigma: 0.5, stacked: 1 }, 4)).toBe(1);
  expect(noiseOf({ sigma: 0.5, stacked: 4 }, 4)).toBe(0.5);
  expect(noiseOf({ sigma: undefined, stacked: 1 }, 4)).toBeUndefined();
});

test('what is no picture is refused', () => {
  expect(imageShapeOf({ shape: [3, 4, 5], config: undefined }, 'a')).toEqual({
    ...{ channels: 3, height: 4, width: 5 },
  });
  for (const shape of [[2], [2, 8, 8], [1, 8, 8, 8]]) {
    expect(() => imageShapeOf({ shape, config: undefined }, 'a.onnx')).toThrow(
      /^a\.onnx: its examples are of \[.*no pictures/,
    );
  }
  const config = { rate: 4 } as unknown as ModelConfig;
  expect(() => imageShapeOf({ shape: [1, 2, 2], config }, 'a')).toThrow(/model of counts/);
});
