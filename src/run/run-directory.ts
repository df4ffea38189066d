import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { reworded, UserError } from '../errors.ts';
import {
  checkPath,
  makeFolder,
  readBytes,
  readError,
  systemCode,
  writeBytes,
  writeError,
} from '../files.ts';
import { type Device, devices } from '../graph/index.ts';
import { type ModelConfig, modelConfigSchema } from '../model/index.ts';
import type { ParameterSpec } from '../nn/index.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../train/checkpoint.ts';
import { recordedTrainingSchema, type TrainingConfig } from '../train/config.ts';
import { METRICS_FILE } from './metrics-file.ts';

/** `run.json`: everything a run was started with. */
export interface RunRecord {
  readonly model: ModelConfig;
  readonly training: TrainingConfig;
  /** Where the first parameters came from, if not from the network's own start. */
  readonly start?: string | undefined;
  readonly data: {
    /** What `--data` was: a set's name or a path. */
    readonly source: string;
    /** Where that was, from the root of the disk: a path is typed as from one folder. */
    readonly path?: string | undefined;
    /** What was asked for of it, such as `limit` or `split`. */
    readonly options: Readonly<Record<string, unknown>>;
    readonly name: string;
    readonly count: number;
    readonly hash: string;
  };
  readonly device: Device;
  /** Steps between checkpoints, and between lines of the metrics. */
  readonly saveEvery: number;
  readonly logEvery: number;
  readonly evaluation: EvaluationRecord;
  /** What was changed when the run went on: what it was up to a step. */
  readonly changes?: readonly RunChange[] | undefined;
  readonly versions: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly started: string;
}

/**
 * A change of training settings: what they were up to a step. The newest are those of the record.
 */
export interface RunChange {
  readonly step: number;
  readonly before: Readonly<Record<string, number | string>>;
}

/** How a run is evaluated while it trains, and what ends it early. */
export interface EvaluationRecord {
  /** Steps between evaluations, by evaluator. */
  readonly every: Readonly<Record<string, number>>;
  /** What else decides the findings of an evaluator, by evaluator. */
  readonly settings?:
    | Readonly<Record<string, Readonly<Record<string, number | string>>>>
    | undefined;
  /** Metric that ends the run when it stops improving. */
  readonly stopMetric?: string | undefined;
  /** Evaluations without improvement after which it ends. */
  readonly patience: number;
}

const files = {
  record: 'run.json',
  metrics: METRICS_FILE,
  model: 'model.onnx',
  best: 'best.onnx',
} as const;
const CHECKPOINTS = 'checkpoints';
const BEST = 'best.safetensors';
/** Checkpoints kept: the newest, and the one before it. */
const KEPT = 2;

const evaluationSchema = z.object({
  every: z.record(z.string(), z.int().min(1)).default({}),
  settings: z
    .record(z.string(), z.record(z.string(), z.union([z.number(), z.string()])))
    .optional(),
  stopMetric: z.string().optional(),
  patience: z.int().min(1).default(5),
});

/** Runs of version 0.1 say here again what their model says of its noise. */
const recordedTraining = z.preprocess((training) => {
  if (typeof training !== 'object' || training === null) return training;
  const { sigma, rate, background, measurements, view, ...rest } = training as Record<
    string,
    unknown
  >;
  return rest;
}, recordedTrainingSchema);

const recordSchema: z.ZodType<RunRecord> = z.object({
  model: modelConfigSchema,
  training: recordedTraining,
  start: z.string().optional(),
  data: z.object({
    source: z.string(),
    // Absent from named sets, and from runs of before it was recorded.
    path: z.string().optional(),
    options: z.record(z.string(), z.unknown()),
    name: z.string(),
    count: z.int(),
    hash: z.string(),
  }),
  device: z.custom<Device>((value) => devices.includes(value as Device), 'is no device'),
  saveEvery: z.int().min(1),
  logEvery: z.int().min(1),
  // Absent from runs of before there was an evaluation.
  evaluation: evaluationSchema.prefault({}),
  changes: z
    .array(
      z.object({
        step: z.int().min(0),
        before: z.record(z.string(), z.union([z.number(), z.string()])),
      }),
    )
    .optional(),
  versions: z.record(z.string(), z.string()),
  started: z.string(),
});

/** Names the file of a run's model. */
export const modelPath = (directory: string) => join(directory, files.model);
/** Names the file of the model at the best evaluation, where a metric is watched. */
export const bestModelPath = (directory: string) => join(directory, files.best);

/** Tells whether a run was started here. */
export async function hasRun(directory: string): Promise<boolean> {
  return (await namesIn(directory)).includes(files.record);
}

/**
 * Checks that a folder is free for a new run.
 * @throws UserError where the folder holds a run, or what is left of one.
 */
export async function refuseRun(directory: string): Promise<void> {
  checkPath(directory);
  const names = await namesIn(directory);
  const saved = (await listCheckpoints(directory)).length > 0;
  if (names.includes(files.record)) {
    throw new UserError(
      saved
        ? `${directory}: already holds a run; go on with it, or choose another folder`
        : `${directory}: already holds a run, which saved no checkpoint; remove the folder to start it anew, go on with it, or choose another folder`,
      { code: 'mismatch', facts: { path: directory, saved, remedy: 'resume' } },
    );
  }
  const left = [files.metrics, files.model].find((name) => names.includes(name));
  if (left !== undefined || saved) {
    throw new UserError(
      `${directory}: holds ${left ?? CHECKPOINTS} of a run without ${files.record}; restore that file, or choose another folder`,
      { code: 'mismatch', facts: { path: directory, missing: files.record } },
    );
  }
}

/** Makes the folders of a run. */
export async function createFolders(directory: string): Promise<void> {
  try {
    await makeFolder(join(directory, CHECKPOINTS));
  } catch (error) {
    throw writeError(error, directory);
  }
}

/** Writes the record of a run, whole or not at all. */
export async function writeRecord(directory: string, record: RunRecord): Promise<void> {
  await writeText(join(directory, files.record), `${JSON.stringify(record, null, 2)}\n`);
}

/**
 * Reads the record of a run.
 * @throws UserError if the folder holds no run, or its record is damaged.
 */
export async function readRecord(directory: string): Promise<RunRecord> {
  if (!(await hasRun(directory))) {
    throw new UserError(
      `${directory}: holds no run to go on with; start one first, or check the path`,
      { code: 'not-found', facts: { path: directory } },
    );
  }
  const path = join(directory, files.record);
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? describeIssue(cause) : 'not JSON';
    throw new UserError(`${path}: ${problem}; restore the file or start a new run`, {
      code: 'unreadable',
      facts: { path },
      cause,
    });
  }
}

/**
 * Saves a checkpoint whole or not at all and reads it back; then, and not before, drops all but the
 * newest two.
 * @throws UserError where the disk gives back other bytes: those are removed, and older checkpoints
 * stay.
 */
export async function saveCheckpoint(
  directory: string,
  checkpoint: Checkpoint,
  specs: readonly ParameterSpec[],
): Promise<void> {
  const folder = join(directory, CHECKPOINTS);
  const path = join(folder, checkpointName(checkpoint.step));
  const bytes = encodeCheckpoint(checkpoint, specs);
  await writeBytes(path, bytes);
  if (Buffer.compare(await readBytes(path), bytes) !== 0) {
    await rm(path, { force: true });
    throw new UserError(
      `${path}: the disk gave back other bytes than were written; the checkpoints before it are kept, go on from them on another disk`,
      { code: 'disk', facts: { path, step: checkpoint.step } },
    );
  }
  const steps = await listCheckpoints(directory);
  for (const step of steps.slice(0, -KEPT)) await rm(join(folder, checkpointName(step)));
}

/** Saves the checkpoint of the best evaluation in the place of the one before it. */
export function saveBest(
  directory: string,
  checkpoint: Checkpoint,
  specs: readonly ParameterSpec[],
): Promise<void> {
  return writeBytes(join(directory, CHECKPOINTS, BEST), encodeCheckpoint(checkpoint, specs));
}

/**
 * Removes what a killed process was writing: files are written under a name with a number added.
 * @param folders names of other folders in which files are written so.
 */
export async function clearUnfinished(
  directory: string,
  folders: readonly string[],
): Promise<void> {
  for (const name of ['', CHECKPOINTS, ...folders]) {
    const folder = join(directory, name);
    const names = (await namesIn(folder)).filter((name) => isUnfinished.test(name));
    for (const name of names) await rm(join(folder, name), { force: true });
  }
}

/** Reads the newest checkpoint; none if the run never saved one. */
export async function loadCheckpoint(
  directory: string,
  specs: readonly ParameterSpec[],
  vectors: readonly string[],
): Promise<Checkpoint | undefined> {
  const steps = await listCheckpoints(directory);
  const newest = steps.at(-1);
  if (newest === undefined) return undefined;
  const path = join(directory, CHECKPOINTS, checkpointName(newest));
  // A copy: slices of Node's Buffer share its memory.
  const bytes = Uint8Array.from(await readBytes(path));
  try {
    return decodeCheckpoint(bytes, specs, vectors, path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const before = steps.at(-2);
    const fix =
      before === undefined
        ? 'there is none, so start a new run in another folder'
        : `delete this one, and the run goes on from step ${before}`;
    throw reworded(error, `${error.message}: ${fix}`);
  }
}

/** Lists the steps of the checkpoints, oldest first. */
export async function listCheckpoints(directory: string): Promise<number[]> {
  const names = await namesIn(join(directory, CHECKPOINTS));
  return names
    .flatMap((name) => (/^step-(\d+)\.safetensors$/.exec(name) ?? []).slice(1))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Names in a folder; none where there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw readError(error, folder);
  }
}

const isUnfinished =
  /^(run\.json|metrics\.jsonl|(model|best)\.onnx|(step-\d+|best)\.safetensors|step-\d+\.png)\.\d+$/;

const checkpointName = (step: number) => `step-${String(step).padStart(8, '0')}.safetensors`;

const writeText = (path: string, text: string) => writeBytes(path, new TextEncoder().encode(text));

function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0]!;
  return `${issue.path.join('.')}: ${issue.message}`;
}
