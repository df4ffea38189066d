import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { makeFolder, readBytes, readError, systemCode, writeBytes, writeError } from '../files.ts';
import { createModel } from '../model/index.ts';
import { countParameters, type ParameterSpec } from '../nn/index.ts';
import { exponentOf, powerLengths, powerNames } from '../train/averages.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../train/checkpoint.ts';
import { reconstruct } from '../train/post-hoc.ts';
import { readRecord } from './run-directory.ts';

/** Folder of a run with its snapshots. */
export const SNAPSHOTS = 'averages';

const nameOf = (step: number) => `step-${String(step).padStart(8, '0')}.safetensors`;

/** Saves the power-function averages of a checkpoint, whole or not at all. */
export async function saveSnapshot(
  directory: string,
  { vectors, step, seed, examples }: Checkpoint,
  specs: readonly ParameterSpec[],
): Promise<void> {
  const folder = join(directory, SNAPSHOTS);
  await makeFolder(folder).catch((error: unknown) => {
    throw writeError(error, folder);
  });
  const averages = Object.fromEntries(powerNames.map((name) => [name, vectors[name]!]));
  const bytes = encodeCheckpoint({ step, seed, examples, vectors: averages }, specs);
  await writeBytes(join(folder, nameOf(step)), bytes);
}

/** Lists the steps of the snapshots, oldest first. */
export async function listSnapshots(directory: string): Promise<number[]> {
  const folder = join(directory, SNAPSHOTS);
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw readError(error, folder);
  });
  return names
    .flatMap((name) => (/^step-(\d+)\.safetensors$/.exec(name) ?? []).slice(1))
    .map(Number)
    .sort((a, b) => a - b);
}

export interface AverageRunOptions {
  /**
   * Standard deviation of the average's weights in time, relative to the steps made: 0.05 is a
   * usual one.
   */
  readonly length: number;
  /** At which snapshot. Default: the newest. */
  readonly step?: number | undefined;
}

export interface AveragedRun {
  /** [P], in the order of the model's specs. */
  readonly parameters: Float32Array;
  readonly step: number;
  /** Snapshots that it was made of. */
  readonly snapshots: number;
  /** What its weights in time differ by from those asked for, ‖difference‖ / ‖wanted‖. */
  readonly error: number;
}

/**
 * Makes the power-function average of any length from a run's snapshots, as if it had been kept
 * while the run trained (Karras et al. 2024, "Analyzing and improving the training dynamics of
 * diffusion models", section 3).
 * @throws UserError for a run without snapshots, a step without one, or a length that they cannot
 * show.
 */
export async function averageRun(
  directory: string,
  { length, step }: AverageRunOptions,
): Promise<AveragedRun> {
  const { model } = await readRecord(directory);
  const { specs } = createModel(model);
  const all = await listSnapshots(directory);
  const last = step ?? all.at(-1);
  const steps = all.filter((at) => last !== undefined && at <= last);
  checkSteps(directory, all, last);
  const stored = steps.flatMap((at) =>
    powerNames.map((name) => ({ step: at, name, gamma: exponentOf(powerLengths[name]) })),
  );
  const { weights, error } = reconstruct(stored, { length, step: last! });
  const sums = new Float64Array(countParameters(specs));
  for (const [i, at] of steps.entries()) {
    const vectors = await readSnapshot(directory, at, specs);
    powerNames.forEach((name, k) => {
      const weight = weights[i * powerNames.length + k]!;
      const values = vectors[name]!;
      for (let j = 0; j < sums.length; j++) sums[j] = sums[j]! + weight * values[j]!;
    });
  }
  return { parameters: Float32Array.from(sums), step: last!, snapshots: steps.length, error };
}

function checkSteps(directory: string, all: readonly number[], last: number | undefined): void {
  if (all.length === 0) {
    throw new UserError(
      `${directory}: has no snapshots of averages; train with snapshotEvery, such as a fiftieth of the steps`,
      { code: 'not-found', facts: { directory } },
    );
  }
  if (all.includes(last!)) return;
  throw new UserError(
    `${directory}: has no snapshot of step ${last}; there are those of ${all.length} steps, ${all[0]} to ${all.at(-1)}`,
    { code: 'not-found', facts: { directory, step: last, steps: all } },
  );
}

async function readSnapshot(directory: string, step: number, specs: readonly ParameterSpec[]) {
  const path = join(directory, SNAPSHOTS, nameOf(step));
  // A copy: slices of Node's Buffer share its memory.
  const bytes = Uint8Array.from(await readBytes(path));
  return decodeCheckpoint(bytes, specs, powerNames, path).vectors;
}
