import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { readBytes, systemCode, writeBytes, writeError } from '../files.ts';
import type { ModelConfig } from '../model/index.ts';
import type { ParameterSpec } from '../nn/index.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import { type TrainingConfig, trainingSchema } from './config.ts';

/** `run.json`: everything a run was started with. */
export interface RunRecord {
  readonly model: ModelConfig;
  readonly training: TrainingConfig;
  readonly data: {
    /** What `--data` was: a set's name or a path. */
    readonly source: string;
    readonly name: string;
    readonly count: number;
    readonly hash: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly started: string;
}

/** One line of `metrics.jsonl`. */
export interface Metrics {
  readonly step: number;
  /** Mean over the steps since the last line. */
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
}

const files = { record: 'run.json', metrics: 'metrics.jsonl', model: 'model.onnx' } as const;
const CHECKPOINTS = 'checkpoints';
/** Checkpoints kept: the newest, and the one before it. */
const KEPT = 2;

const recordSchema = z.object({
  model: z.custom<ModelConfig>((value) => typeof value === 'object' && value !== null),
  training: trainingSchema,
  data: z.object({ source: z.string(), name: z.string(), count: z.number(), hash: z.string() }),
  versions: z.record(z.string(), z.string()),
  started: z.string(),
});

export const modelPath = (directory: string) => join(directory, files.model);

/** Whether a run was started here. */
export async function hasRun(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [] as string[];
    throw writeError(error, directory);
  });
  return names.includes(files.record);
}

export async function createRun(directory: string, record: RunRecord): Promise<void> {
  try {
    await mkdir(join(directory, CHECKPOINTS), { recursive: true });
  } catch (error) {
    throw writeError(error, directory);
  }
  await writeText(join(directory, files.record), `${JSON.stringify(record, null, 2)}\n`);
}

/** @throws UserError if the folder holds no run, or its record is damaged. */
export async function readRecord(directory: string): Promise<RunRecord> {
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
  const bytes = await readBytes(path);
  try {
    return decodeCheckpoint(bytes, specs, vectors, path);
  } catch (error) {
    const before = steps.at(-2);
    if (!(error instanceof UserError) || before === undefined) throw error;
    throw new UserError(`${error.message}: delete it and resume goes on from step ${before}`, {
      cause: error,
    });
  }
}

export async function appendMetrics(directory: string, metrics: Metrics): Promise<void> {
  const path = join(directory, files.metrics);
  await appendFile(path, `${JSON.stringify(metrics)}\n`).catch((error: unknown) => {
    throw writeError(error, path);
  });
}

/** The lines of `metrics.jsonl`; a last line cut by a crash is left out. */
export async function readMetrics(directory: string): Promise<Metrics[]> {
  const text = await readFile(join(directory, files.metrics), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Metrics];
    } catch {
      return [];
    }
  });
}

/** Forgets what was logged after `step`: a resumed run logs it again. */
export async function trimMetrics(directory: string, step: number): Promise<void> {
  const kept = (await readMetrics(directory)).filter((line) => line.step <= step);
  await writeText(
    join(directory, files.metrics),
    kept.map((line) => `${JSON.stringify(line)}\n`).join(''),
  );
}

export async function listCheckpoints(directory: string): Promise<number[]> {
  const names = await readdir(join(directory, CHECKPOINTS)).catch(() => []);
  return names
    .flatMap((name) => (/^step-(\d+)\.safetensors$/.exec(name) ?? []).slice(1))
    .map(Number)
    .sort((a, b) => a - b);
}

const checkpointName = (step: number) => `step-${String(step).padStart(8, '0')}.safetensors`;

const writeText = (path: string, text: string) => writeBytes(path, new TextEncoder().encode(text));

function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0]!;
  return `${issue.path.join('.')}: ${issue.message}`;
}
