/** A worker's part of a round. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Dataset, holdOut, pick } from '../data/index.ts';
import { type LoadOptions, readNpy } from '../data/node/index.ts';
import { readBytes, writeBytes } from '../files.ts';
import { toHalf } from '../half.ts';
import { createModel, type ModelConfig } from '../model/index.ts';
import {
  type Checkpoint,
  checkpointVectors,
  createTrainer,
  decodeCheckpoint,
  encodeCheckpoint,
  type TrainingConfig,
} from '../train/index.ts';

/** Names of files of a worker's part: what it reads, and what it writes. */
export const innerFiles = {
  start: 'start.npy',
  before: 'before.safetensors',
  delta: 'delta.f16',
  state: 'state.safetensors',
} as const;

/** What a worker does in a round: a function of this, whoever does it. */
export interface InnerTask {
  readonly folder: string;
  readonly model: ModelConfig;
  readonly training: TrainingConfig;
  readonly source: string;
  readonly sourceOptions: LoadOptions;
  /** K, and which of them, counted from 0. */
  readonly workers: number;
  readonly worker: number;
  /** Steps that it made before, and makes now. */
  readonly step: number;
  readonly steps: number;
}

/** What it tells of its steps. */
export interface InnerResult {
  readonly loss: number;
}

/** Decides the batches and noise of a worker: the first has those of a training alone. */
const seedOf = (seed: number, worker: number) => seed + worker * 1_000_003;

/** Picks the examples of a worker: each is one's. */
export function shareOf(dataset: Dataset, { training, workers, worker }: InnerTask): Dataset {
  const { training: all } = holdOut(dataset, training);
  if (workers === 1) return all;
  const indices = Array.from({ length: all.count }, (_, i) => i);
  return pick(
    all,
    indices.filter((i) => i % workers === worker),
  );
}

/**
 * Makes the steps of one round on one core: from θ_r in `start.npy`, with the optimizer as it was
 * left, to θ_r − θ_k in half precision and the optimizer's state, in the same folder.
 *
 * @throws DivergedError where losses leave all bounds.
 */
export async function runInner(
  task: InnerTask,
  dataset: Dataset,
  onStep: (steps: number) => void,
): Promise<InnerResult> {
  const { folder, training, worker, step, steps } = task;
  const model = createModel(task.model);
  const start = (await readNpy(join(folder, innerFiles.start))).data as Float32Array;
  const config = { ...training, seed: seedOf(training.seed, worker) };
  const slots = checkpointVectors(config).filter((name) => !isParameters(name));
  const before = await stateBefore(task, slots);
  const trainer = await createTrainer({
    model,
    dataset: shareOf(dataset, task),
    config,
    device: 'cpu',
    threads: 1,
    ...(before ? { checkpoint: goOn(before, start, config, step) } : { start }),
  });
  try {
    let sum = 0;
    for (let made = 0; made < steps; ) {
      const reports = await trainer.advance(steps - made);
      for (const { loss } of reports) sum += loss;
      made += reports.length;
      onStep(made);
    }
    const { vectors, ...rest } = await trainer.checkpoint();
    const delta = start.map((from, i) => from - vectors.parameters![i]!);
    const kept = Object.fromEntries(slots.map((name) => [name, vectors[name]!]));
    await writeBytes(join(folder, innerFiles.delta), new Uint8Array(toHalf(delta).buffer));
    const state = encodeCheckpoint({ ...rest, vectors: kept }, model.specs);
    await writeBytes(join(folder, innerFiles.state), state);
    return { loss: sum / steps };
  } finally {
    await trainer.release();
  }
}

/** The vectors that every worker takes from the round's start; others are the optimizer's. */
const isParameters = (name: string) => name.startsWith('average') || name === 'parameters';

async function stateBefore({ folder, model }: InnerTask, slots: readonly string[]) {
  const path = join(folder, innerFiles.before);
  if (!existsSync(path)) return undefined;
  const bytes = Uint8Array.from(await readBytes(path));
  return decodeCheckpoint(bytes, createModel(model).specs, slots, path);
}

function goOn(
  before: Checkpoint,
  start: Float32Array,
  config: TrainingConfig,
  step: number,
): Checkpoint {
  const { seed, batch } = config;
  const names = checkpointVectors(config).filter(isParameters);
  const parameters = Object.fromEntries(names.map((name) => [name, start]));
  const vectors = { ...before.vectors, ...parameters };
  return { ...before, step, seed, examples: step * batch, vectors };
}
