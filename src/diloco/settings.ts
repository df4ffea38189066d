/** How a training is spread over workers: `diloco.json` of its run. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { readBytes, writeBytes } from '../files.ts';
import type { FileReference } from '../store/index.ts';

export const settingsSchema = z.strictObject({
  /** K: shares of the data, each a worker's. */
  workers: z.int().min(1),
  /** H: steps of each worker in a round. */
  innerSteps: z.int().min(1).default(500),
  /** Of the outer step. */
  outerRate: z.number().positive().default(0.7),
  outerMomentum: z.number().min(0).lt(1).default(0.9),
  /** Seconds after which a round is closed with those that came; 0: all are waited for. */
  deadline: z.number().min(0).default(0),
});

export type DilocoSettings = z.output<typeof settingsSchema>;

const keptSchema = settingsSchema.extend({
  /** Names the run in a store that others share; absent of older runs. */
  id: z.uuid().optional(),
});

type KeptSettings = z.output<typeof keptSchema>;

const settingsPath = (directory: string) => join(directory, 'diloco.json');
const roundsPath = (directory: string) => join(directory, 'rounds.json');

/** Tells whether a run is trained by many workers. */
export const hasDiloco = (directory: string) => existsSync(settingsPath(directory));

const encode = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

/** Writes the settings of a run, whole or not at all. */
export const writeSettings = (directory: string, settings: KeptSettings) =>
  writeBytes(settingsPath(directory), encode(settings));

/** Reads the settings of a run. @throws UserError where they are damaged. */
export const readSettings = (directory: string) => readJson(settingsPath(directory), keptSchema);

/** What came of a round. */
export interface Round {
  /** Counted from 0. */
  readonly round: number;
  /** Steps of each worker up to its end. */
  readonly step: number;
  /** Workers that came in time, in the order in which they were averaged. */
  readonly came: readonly number[];
  /** Mean loss of all their steps. */
  readonly loss: number;
  readonly seconds: number;
  /** Bytes that went to the store and came from it. */
  readonly bytes: number;
  /** Optimizers after it, by worker: objects of the store. Absent for those that never came. */
  readonly states: Readonly<Record<string, FileReference>>;
}

const roundSchema: z.ZodType<Round> = z.object({
  round: z.int().min(0),
  step: z.int().min(1),
  came: z.array(z.int().min(0)).min(1),
  loss: z.number(),
  seconds: z.number(),
  bytes: z.number(),
  states: z.record(z.string(), z.object({ name: z.string(), hash: z.string() })),
});

/** All rounds so far. */
export interface Rounds {
  readonly rounds: readonly Round[];
}

const roundsSchema = z.object({ rounds: z.array(roundSchema) });

/** Writes what came of all rounds, whole or not at all. */
export const writeRounds = (directory: string, rounds: Rounds) =>
  writeBytes(roundsPath(directory), encode(rounds));

/** Reads what came of all rounds; none before the first has ended. */
export async function readRounds(directory: string): Promise<Rounds> {
  if (!existsSync(roundsPath(directory))) return { rounds: [] };
  return readJson(roundsPath(directory), roundsSchema);
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(`${path}: is damaged; restore the file or start a new run`, {
      code: 'unreadable',
      facts: { path },
      cause,
    });
  }
}
