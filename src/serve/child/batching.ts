import type { BayesEstimator } from '../../density/index.ts';
import type { DenoiserFile } from '../../model/index.ts';
import { fillNormal, randomKey } from '../../random.ts';

/** How the rows of several walks may be run together so that each gets the bits it gets alone. */
export interface Batching {
  /** Fewest rows of a run: others are filled with zeros. */
  readonly least: number;
  /** Most rows of a run. */
  readonly most: number;
}

/** Rows of the runs of a network whose bits depend on their number. */
const FIXED = 8;

/** Sizes of runs that are compared. */
const SIZES = [3, 16] as const;
const MOST = 16;

/** Sets of rows that are tried, each at a level of its own where the model knows several. */
const TRIALS = 4;

/** Seconds of one row from which on runs are long enough by themselves. */
const LONG = 0.25;

/**
 * Finds how rows of a network may share runs. A network of convolutions gives a row the same bits
 * whatever is beside it: any number of rows goes. One that is told a level or a class computes with
 * one number for each row, by vector instructions or not as their count has it, and products of
 * matrices too go in other orders for other numbers of rows: then runs have one size, filled up. A
 * network in which the place of a row counts even so is run row by row. Found by running noise, so
 * it holds for the machine that it runs on.
 */
export async function batchingOf(file: DenoiserFile, width: number): Promise<Batching> {
  const trials = Array.from({ length: TRIALS }, (_, i) => trialOf(file, width, i));
  if (await takesLong(trials[0]!)) return { least: 1, most: 1 };
  const isTold = file.rate === undefined && (file.condition !== undefined || manyLevels(file));
  if (!isTold && (await every(trials.slice(0, 2), sizesAreAlike))) return { least: 1, most: MOST };
  if (await every(trials, placesAreAlike)) return { least: FIXED, most: FIXED };
  return { least: 1, most: 1 };
}

/** Runs some of a trial's rows, and gives the values of each. */
type Trial = (rows: readonly number[]) => Promise<readonly Float32Array[]>;

function trialOf(file: DenoiserFile, width: number, trial: number): Trial {
  const rows = noiseRows(file, width, trial);
  return async (some) => {
    const z = new Float32Array(some.length * width);
    some.forEach((row, i) => {
      z.set(rows.subarray(row * width, (row + 1) * width), i * width);
    });
    const out = new Float32Array(z.length);
    await told(file, some, trial).denoise(z, out);
    return some.map((_, i) => out.slice(i * width, (i + 1) * width));
  };
}

async function takesLong(trial: Trial): Promise<boolean> {
  await trial([0]);
  const started = performance.now();
  await trial([0]);
  return performance.now() - started > 1000 * LONG;
}

async function every(trials: readonly Trial[], holds: (trial: Trial) => Promise<boolean>) {
  for (const trial of trials) if (!(await holds(trial))) return false;
  return true;
}

const allRows = Array.from({ length: MOST }, (_, row) => row);

/** Whether rows give the same bits in runs of all sizes. */
async function sizesAreAlike(trial: Trial): Promise<boolean> {
  const alone: Float32Array[] = [];
  for (const row of allRows) alone.push(...(await trial([row])));
  for (const size of SIZES) {
    for (let from = 0; from < MOST; from += size) {
      const some = allRows.slice(from, from + size);
      const ran = await trial(some);
      if (!ran.every((values, i) => equal(values, alone[some[i]!]!))) return false;
    }
  }
  return true;
}

/** Whether a row gives the same bits in every place of a run of one size, whatever is beside it. */
async function placesAreAlike(trial: Trial): Promise<boolean> {
  const first = new Map<number, Float32Array>();
  for (const turn of [0, 1, 3, 6, 11, 15]) {
    const some = [...allRows.slice(turn), ...allRows.slice(0, turn)].slice(0, FIXED);
    const ran = await trial(some);
    for (const [i, row] of some.entries()) {
      const known = first.get(row) ?? ran[i]!;
      first.set(row, known);
      if (!equal(known, ran[i]!)) return false;
    }
  }
  return true;
}

/** The model at the level of a trial, its classes in turn: no class would multiply zeros. */
function told(file: DenoiserFile, rows: readonly number[], trial: number): BayesEstimator {
  if (file.rate !== undefined) return file;
  const level = levelOf(file, trial);
  if (file.condition?.type !== 'class') return file.at(level);
  const { classes } = file.condition;
  return file.at(level, { class: rows.map((row) => (row + trial) % classes) });
}

type GaussianFile = Extract<DenoiserFile, { readonly sigma: number }>;

const manyLevels = ({ levels }: GaussianFile) => 'from' in levels || levels.values.length > 1;

/** Levels from the least to the greatest. */
function levelOf({ levels, sigma }: GaussianFile, trial: number): number {
  if ('values' in levels) return levels.values[trial % levels.values.length] ?? sigma;
  return levels.from * (levels.to / levels.from) ** ((trial + 0.37) / TRIALS);
}

/** Rows like those of a walk: noisy examples, or counts. */
function noiseRows(file: DenoiserFile, width: number, trial: number): Float32Array {
  const z = new Float32Array(MOST * width);
  fillNormal(randomKey(trial), 0, z);
  if (file.rate === undefined) return z.map((value) => 0.5 + file.sigma * value);
  const mean = file.rate / 2;
  return z.map((value) => Math.max(0, Math.round(mean + Math.sqrt(mean) * value)));
}

const equal = (a: Float32Array, b: Float32Array) => a.every((value, i) => value === b[i]);
