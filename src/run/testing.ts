import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Dataset, inMemory } from '../data/dataset.ts';
import type { ModelConfig } from '../model/index.ts';
import { findPreset, type NetworkConfig, unetSchema } from '../nn/index.ts';
import { fillBits, randomKey } from '../random.ts';
import { type TrainingConfig, trainingSchema } from '../train/config.ts';
import type { Metrics } from './metrics-file.ts';
import { type NewRunOptions, resumeRun, startRun } from './run.ts';

/** A folder of runs, removed after the test file. */
export function runsFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mdensity-runs-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** 50 random images of 8×8. */
export function smallImages(): Dataset {
  const bits = new Uint32Array(50 * 16);
  fillBits(randomKey(5), 0, bits);
  const data = new Uint8Array(bits.buffer);
  return { name: 'noise8', count: 50, shape: [1, 8, 8], ...inMemory(data, 50), hash: 'noise8' };
}

/**
 * A U-Net of 8×8 images with everything random and mixed that there is: attention, dropout, time.
 */
export const smallUnet: NetworkConfig = unetSchema.parse({
  type: 'unet',
  modelChannels: 16,
  channelMult: [1, 2],
  numResBlocks: 1,
  attentionResolutions: [4],
  groups: 8,
  dropout: 0.3,
  time: 0,
});

const smallModel = (network: NetworkConfig): ModelConfig => ({
  parametrization: 'gps',
  view: 'noise',
  noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
  shape: [1, 8, 8],
  network,
});

interface SmallSettings extends Partial<TrainingConfig> {
  readonly preset?: string;
  readonly network?: NetworkConfig;
}

/** 12 steps, a checkpoint every 4 and a line of metrics every 5. */
export function smallRun(
  directory: string,
  { preset = 'mlp', network = findPreset(preset).config, ...training }: SmallSettings = {},
): NewRunOptions {
  return {
    directory,
    dataset: smallImages(),
    device: 'cpu',
    saveEvery: 4,
    logEvery: 5,
    source: 'noise8',
    versions: {},
    model: smallModel(network),
    training: trainingSchema.parse({ steps: 12, batch: 16, warmup: 4, ...training }),
  };
}

/** Starts a run, or goes on with it, up to the end of a step. */
export async function runUntil(step: number, options: NewRunOptions, resume = false) {
  const controller = new AbortController();
  const onProgress = (progress: { readonly step: number }) => {
    if (progress.step >= step) controller.abort();
  };
  const { directory, dataset, evaluators } = options;
  return resume
    ? resumeRun({ directory, dataset, evaluators, signal: controller.signal, onProgress })
    : startRun({ ...options, signal: controller.signal, onProgress });
}

/** SHA-256 of every file of a run, but for those whose contents or names hold times. */
export async function runDigests(directory: string): Promise<Record<string, string>> {
  const names = (await readdir(directory, { recursive: true })).sort();
  const digests: Record<string, string> = {};
  for (const name of names) {
    const path = join(directory, name);
    if (/json|tfevents/.test(name) || !(await stat(path)).isFile()) continue;
    digests[name] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  }
  return digests;
}

/** The files that decide how a run of 12 steps ended. */
export async function lastDigests(directory: string) {
  const digests = await runDigests(directory);
  return [digests['checkpoints/step-00000012.safetensors'], digests['model.onnx']];
}

/** The lines of `metrics.jsonl` as written, without the rate, which is the machine's. */
export async function loggedLines(directory: string): Promise<Omit<Metrics, 'imagesPerSecond'>[]> {
  const text = await readFile(join(directory, 'metrics.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { imagesPerSecond: _, ...numbers } = JSON.parse(line) as Metrics;
      return numbers;
    });
}
