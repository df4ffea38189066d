import { expect, test } from 'vitest';
import { encodeSafeTensors } from '../../../src/data/safetensors.ts';
import { type ModelConfig, modelConfigSchema } from '../../../src/model/index.ts';
import { findPreset } from '../../../src/nn/index.ts';
import { decodeLink } from '../../link.ts';
import {
  checkSize,
  fileKind,
  modelIn,
  presetOf,
  settingsFor,
  settingsIn,
  withSettings,
} from './open-file.ts';
import { schema } from './schema.ts';

const config: ModelConfig = {
  parametrization: 'gps',
  view: 'denoised',
  noise: { type: 'gaussian', sigma: 1, measurements: 4 },
  shape: [1, 28, 28],
  network: findPreset('digits').config,
};
const opened = (change: Partial<ModelConfig>) => ({
  name: 'a.onnx',
  parameters: new Float32Array(1),
  config: { ...config, ...change },
});

test('files are known by their bytes', () => {
  const tensors = { a: { shape: [1], data: Float32Array.of(1) } };
  expect(fileKind(encodeSafeTensors({ tensors, metadata: {} }), 'x')).toBe('safetensors');
  expect(fileKind(Uint8Array.of(0x08, 0x0a, 1), 'x')).toBe('onnx');
  expect(fileKind(Uint8Array.of(1, 2), 'broken.onnx')).toBe('onnx');
  expect(() => fileKind(Uint8Array.of(0x89, 0x50, 0x4e), 'cat.png')).toThrow(
    /^cat\.png: is neither a model/,
  );
  expect(() => fileKind(new Uint8Array(0), 'empty')).toThrow(/neither/);
});

test('a file that a page cannot take is refused before it is read', () => {
  expect(() => checkSize({ name: 'big.onnx', size: 2e9 })).toThrow(/^big\.onnx: 2\.0 GB/);
  expect(() => checkSize({ name: 'small.onnx', size: 2e7 })).not.toThrow();
});

test('a model brings its data and its class; others are refused with a way on', () => {
  expect(settingsFor(opened({}))).toEqual({ data: 'mnist', sigma: 1, M: 4 });
  expect(settingsFor(opened({ shape: [2] })).data).toBe('plane');
  expect(() => settingsFor(opened({ shape: [3, 32, 32] }))).toThrow(/^a\.onnx: .*\[3, 32, 32\]/);
  expect(() => settingsFor(opened({ parametrization: 'mdae' }))).toThrow(/learned as mdae/);
});

test('a network is known again as its preset, however its configuration is ordered', () => {
  const { network } = config;
  const turned = Object.fromEntries(Object.entries(network).reverse()) as typeof network;
  expect(presetOf('mnist', turned, findPreset)).toBe('digits');
  const other = { type: 'mlp', width: 7, layers: 1 } as const;
  expect(presetOf('plane', other, findPreset)).toBeUndefined();
});

test('a checkpoint brings its settings, and the model of a file', () => {
  const settings = decodeLink(schema, 'v=1&sigma=0.7&seed=5&rate=0.01').state;
  const metadata = withSettings({ mdensity: '{}' }, settings, config);
  expect(metadata.mdensity).toBe('{}');
  expect(settingsIn(metadata, 'a')).toEqual(settings);
  expect(modelIn(metadata, 'a', modelConfigSchema)).toEqual(config);
  expect(modelIn({}, 'a', modelConfigSchema)).toBeUndefined();
  expect(() => settingsIn({}, 'a.safetensors')).toThrow(/^a\.safetensors: does not say/);
  expect(() => settingsIn({ studio: '#/train?v=1&seed=-4' }, 'a')).toThrow(/does not say/);
  const damaged = { ...metadata, 'studio-model': '{"a": 1' };
  expect(() => modelIn(damaged, 'a', modelConfigSchema)).toThrow(/^a: its model/);
});
