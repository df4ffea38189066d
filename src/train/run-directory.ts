import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { readBytes, readError, systemCode, writeBytes, writeError } from '../files.ts';
import { type Device, devices } from '../graph/index.ts';
import { type ModelConfig, modelConfigSchema } from '../model/index.ts';
import type { ParameterSpec } from '../nn/index.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import { type TrainingConfig, trainingSchema } from './config.ts';
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
  readonly versions: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly started: string;
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

const recordSchema: z.ZodType<RunRecord> = z.object({
  model: modelConfigSchema,
  training: trainingSchema,
  start: z.string().optional(),
  data: z.object({
    source: z.string(),
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
  versions: z.record(z.string(), z.string()),
  started: z.string(),
});

export const modelPath = (directory: string) => join(directory, files.model);
/** The model at the best evaluation, where a metric is watched. */
export const bestModelPath = (directory: string) => join(directory, files.best);

/** Whether a run was started here. */
export async function hasRun(directory: string): Promise<boolean> {
  return (await namesIn(directory)).includes(files.record);
}

/** @throws UserError where the folder holds a run, or what is left of one. */
export async function refuseRun(directory: string): Promise<void> {
  const names = await namesIn(directory);
  const saved = (await listCheckpoints(directory)).length > 0;
  if (names.includes(files.record)) {
    throw new UserError(
      saved
        ? `${directory}: already holds a run; add --resume to go on with it, or choose another --out`
        : `${directory}: already holds a run, which saved no checkpoint; remove the folder to start it anew, add --resume to go on with it, or choose another --out`,
    );
  }
  const left = [files.metrics, files.model].find((name) => names.includes(name));
  if (left !== undefined || saved) {
    throw new UserError(
      `${directory}: holds ${left ?? CHECKPOINTS} of a run without ${files.record}; restore that file, or choose another --out`,
    );
  }
}

/** Makes the folders of a run. */
export async function createFolders(directory: string): Promise<void> {
  try {
    await mkdir(join(directory, CHECKPOINTS), { recursive: true });
  } catch (error) {
    throw writeError(error, directory);
  }
}

export async function writeRecord(directory: string, record: RunRecord): Promise<void> {
  await writeText(join(directory, files.record), `${JSON.stringify(record, null, 2)}\n`);
}

/** @throws UserError if the folder holds no run, or its record is damaged. */
export async function readRecord(directory: string): Promise<RunRecord> {
  if (!(await hasRun(directory))) {
    throw new UserError(
      `${directory}: holds no run to go on with; leave out --resume to start one`,
    );
  }
  const path = join(directory, files.record);
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? describeIssue(cause) : 'not JSON';
    throw new UserError(`${path}: ${problem}; restore the file or start a new run`, { cause });
  }
}

/** Saves a checkpoint whole or not at all, then drops all but the newest two. */
export async function saveCheckpoint(
  directory: string,
  checkpoint: Checkpoint,
  specs: readonly ParameterSpec[],
): Promise<void> {
  const folder = join(directory, CHECKPOINTS);
  await writeBytes(
    join(folder, checkpointName(checkpoint.step)),
    encodeCheckpoint(checkpoint, specs),
  );
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
 * @param pictures names of folders of pictures.
 */
export async function clearUnfinished(
  directory: string,
  pictures: readonly string[],
): Promise<void> {
  for (const name of ['', CHECKPOINTS, ...pictures]) {
    const folder = join(directory, name);
    const names = (await namesIn(folder)).filter((name) => isUnfinished.test(name));
    for (const name of names) await rm(join(folder, name), { force: true });
  }
}

/** The newest checkpoint; none if the run never saved one. */
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
        ? 'there is none, so start a new run with another --out'
        : `delete this one and --resume goes on from step ${before}`;
    throw new UserError(`${error.message}: ${fix}`, { cause: error });
  }
}

/** Steps of the checkpoints, oldest first. */
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
