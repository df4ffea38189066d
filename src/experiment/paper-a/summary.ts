/** What rows of cells say together. */
import { SLOW_CHAIN_DRAWS } from '../../evaluate/index.ts';
import type { BestFriction, PaperAProtocol } from './protocol.ts';
import type { PaperARow } from './store.ts';

/** A mean over seeds, and the spread of the seeds around it. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation over seeds; 0 for a single one. */
  readonly deviation: number;
  readonly seeds: number;
}

/** Cells that differ in their seeds alone. */
export interface Summary {
  readonly stage: PaperARow['stage'];
  readonly sigma: number;
  readonly measurements: number;
  readonly kernel: PaperARow['kernel'];
  readonly friction: number;
  /** Cells that came out, and those that diverged. */
  readonly seeds: number;
  readonly diverged: number;
  /** By name; none where every seed diverged. */
  readonly values: Readonly<Partial<Record<Measure, Spread>>>;
}

/** What is averaged over seeds, and how it is read from a row. */
export const measures = {
  fd: (row: PaperARow) => row.fd,
  kid: (row: PaperARow) => row.kid,
  precision: (row: PaperARow) => row.precision,
  recall: (row: PaperARow) => row.recall,
  copies: (row: PaperARow) => row.copies,
  /** Per 1,000 score calls; not of chains too short to tell slow ones apart. */
  effectiveSamples: ({ chains }: PaperARow) =>
    chains && chains.draws >= SLOW_CHAIN_DRAWS
      ? chains.effectiveSamplesPerScoreCall * 1000
      : undefined,
  rHat: (row: PaperARow) => row.chains?.rHat.median,
  classesPerChain: (row: PaperARow) => row.chains?.classes?.perChain,
  switchRate: (row: PaperARow) => row.chains?.classes?.switchRate,
  stuck: (row: PaperARow) => row.chains?.longestStuck.draws,
  seconds: (row: PaperARow) => row.seconds,
} as const;

export type Measure = keyof typeof measures;

/**
 * Makes one summary for each group of seeds, sorted by stage, class, member, kernel and friction.
 */
export function summarize(rows: readonly PaperARow[]): Summary[] {
  const groups = new Map<string, PaperARow[]>();
  for (const row of rows) {
    const { stage, sigma, measurements, kernel, friction } = row;
    const key = [stage, sigma, measurements, kernel, friction].join();
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map(summaryOf).sort(inOrder);
}

const stages: readonly PaperARow['stage'][] = ['friction', 'sequential', 'kernel', 'long'];

const inOrder = (a: Summary, b: Summary) =>
  stages.indexOf(a.stage) - stages.indexOf(b.stage) ||
  a.sigma - b.sigma ||
  a.measurements - b.measurements ||
  a.kernel.localeCompare(b.kernel) ||
  a.friction - b.friction;

function summaryOf(rows: readonly PaperARow[]): Summary {
  const { stage, sigma, measurements, kernel, friction } = rows[0]!;
  const good = rows.filter(({ error }) => error === undefined);
  const values: Partial<Record<Measure, Spread>> = {};
  for (const [name, read] of Object.entries(measures) as [
    Measure,
    (row: PaperARow) => number | undefined,
  ][]) {
    const found = good.flatMap((row) => read(row) ?? []);
    if (found.length > 0) values[name] = spreadOf(found);
  }
  const [seeds, diverged] = [good.length, rows.length - good.length];
  return { stage, sigma, measurements, kernel, friction, seeds, diverged, values };
}

function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0;
  return { mean, deviation, seeds: values.length };
}

/**
 * Finds the friction of the lowest mean distance in the grid, among those at which no seed
 * diverged.
 */
export function bestFriction(
  summaries: readonly Summary[],
  { kernels }: Pick<PaperAProtocol, 'kernels'>,
  sigma: number,
  measurements: number,
): Summary | undefined {
  const grid = summaries.filter(
    (s) =>
      s.stage === 'friction' &&
      s.sigma === sigma &&
      s.measurements === measurements &&
      s.kernel === kernels[0] &&
      s.diverged === 0 &&
      s.values.fd !== undefined,
  );
  return grid.reduce<Summary | undefined>(
    (best, s) => (best && best.values.fd!.mean <= s.values.fd!.mean ? best : s),
    undefined,
  );
}

/** Finds the best frictions of all classes and members. */
export function bestFrictions(
  rows: readonly PaperARow[],
  protocol: Pick<PaperAProtocol, 'kernels'>,
): BestFriction {
  // In one order, whoever wrote them: sums and what follows are the same in every process.
  const summaries = summarize([...rows].sort((a, b) => (a.id < b.id ? -1 : 1)));
  return (sigma, measurements) => bestFriction(summaries, protocol, sigma, measurements)?.friction;
}
