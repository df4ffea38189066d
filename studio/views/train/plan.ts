/**
 * From settings to what the library trains. Loaded when a training starts: it brings the library's
 * own tables.
 */
import type { ModelConfig } from '../../../src/model/config.ts';
import { findPreset } from '../../../src/nn/presets.ts';
import { type TrainingConfig, trainingSchema } from '../../../src/train/config.ts';
import { networkFor, networks, shapeOf } from './networks.ts';
import type { Settings } from './settings.ts';

/** The model that settings describe, with the network of a file where one was opened. */
export function modelOf(settings: Settings, file?: ModelConfig): ModelConfig {
  const { sigma, M: measurements, data } = settings;
  const name = networkFor(settings);
  const { parametrization, view, network } = file ?? {
    ...networks[name],
    view: 'denoised',
    network: findPreset(name).config,
  };
  const noise = { type: 'gaussian', sigma, measurements } as const;
  return { parametrization, view, noise, shape: shapeOf(data), network };
}

/** How it is trained: as `mdensity train` does with the same options. */
export function trainingOf(settings: Settings): TrainingConfig {
  const { rate: learningRate } = settings;
  const { optimizer, weightDecay, batch, steps, warmup, decay, ema, clip, seed } = settings;
  return trainingSchema.parse({
    optimizer,
    learningRate,
    weightDecay,
    batch,
    steps,
    warmup,
    decay,
    ema,
    clip,
    seed,
  });
}
