import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readError, systemCode, writeError, writeIfOther } from '../files.ts';

/** A line of `metrics.jsonl` on the training itself. */
export interface Metrics {
  readonly step: number;
  /** Mean over the steps since the last such line. */
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
}

/**
 * A line of `metrics.jsonl` on an evaluation: numbers by name, and pictures by the path of their
 * file.
 */
export interface EvaluationLine {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Paths within the run's directory. */
  readonly pictures: Readonly<Record<string, string>>;
}

export const METRICS_FILE = 'metrics.jsonl';

const metricsSchema: z.ZodType<Metrics> = z.object({
  step: z.int(),
  loss: z.number(),
  gradientNorm: z.number(),
  learningRate: z.number(),
  imagesPerSecond: z.number(),
});

/** Names that an evaluation cannot give to what it reports. */
export const reservedNames: readonly string[] = [
  'step',
  'loss',
  'gradientNorm',
  'learningRate',
  'imagesPerSecond',
];

const evaluationSchema = z
  .object({ step: z.int(), loss: z.undefined().optional() })
  .catchall(z.union([z.number(), z.string()]));

/** Adds a line on training to the metrics of a run. */
export function appendMetrics(directory: string, metrics: Metrics): Promise<void> {
  return appendLine(directory, metrics);
}

/** Adds a line on an evaluation to the metrics of a run. */
export function appendEvaluation(directory: string, line: EvaluationLine): Promise<void> {
  const { step, metrics, pictures } = line;
  return appendLine(directory, { step, ...metrics, ...pictures });
}

async function appendLine(directory: string, line: object): Promise<void> {
  const path = join(directory, METRICS_FILE);
  await appendFile(path, `${JSON.stringify(line)}\n`).catch((error: unknown) => {
    throw writeError(error, path);
  });
}

/** Reads the lines on training; a last line cut by a crash is left out. */
export async function readMetrics(directory: string): Promise<Metrics[]> {
  return (await readLines(directory)).flatMap(
    ({ value }) => metricsSchema.safeParse(value).data ?? [],
  );
}

/** Reads the lines on evaluations; a last line cut by a crash is left out. */
export async function readEvaluations(directory: string): Promise<EvaluationLine[]> {
  const lines = await readLines(directory);
  return lines.flatMap(({ value }) => {
    const { data } = evaluationSchema.safeParse(value);
    if (data === undefined) return [];
    const { step, loss: _, ...named } = data;
    return [{ step, metrics: only(named, 'number'), pictures: only(named, 'string') }];
  });
}

function only<T>(record: Readonly<Record<string, T | unknown>>, type: 'number' | 'string') {
  const entries = Object.entries(record).filter(([, value]) => typeof value === type);
  return Object.fromEntries(entries) as Record<string, T>;
}

const stepSchema = z.object({ step: z.int() });

async function readLines(directory: string) {
  const path = join(directory, METRICS_FILE);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return '';
    throw readError(error, path);
  });
  return text.split('\n').flatMap((line) => {
    const value = parseJson(line);
    const step = stepSchema.safeParse(value).data?.step;
    return step === undefined ? [] : [{ line, step, value }];
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Forgets what was logged after `step`: a resumed run logs it again. */
export async function trimMetrics(directory: string, step: number): Promise<void> {
  const kept = (await readLines(directory)).filter((line) => line.step <= step);
  const text = kept.map(({ line }) => `${line}\n`).join('');
  await writeIfOther(join(directory, METRICS_FILE), new TextEncoder().encode(text));
}
