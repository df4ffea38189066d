/** The numbers of a comparison as tables of text. */
import { SLOW_CHAIN_DRAWS } from '../../evaluate/index.ts';
import { type ComparisonProtocol, modelOf } from '../../experiment/parametrizations/protocol.ts';
import {
  type ComparisonRow,
  findRow,
  type WalkRow,
} from '../../experiment/parametrizations/row.ts';
import { fraction } from '../paper-a/figures.ts';

/** Text, the titles first; the first column is a name, the others numbers. */
export interface Table {
  readonly titles: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

/** A dash where there is nothing to say. */
const NONE = '–';

const rounded = (value: number | undefined, digits: number) =>
  value === undefined ? NONE : String(Number(value.toPrecision(digits)));

/** Says how good each row is, at its M. */
export function qualityTable(
  protocol: ComparisonProtocol,
  rows: readonly ComparisonRow[],
  metric: string,
): Table {
  const { entries, measurements } = protocol;
  const lines = entries.map(({ name }) => {
    const cost = findRow(rows, 'cost', name, (row) => row.measurements === measurements);
    const found = findRow(rows, 'measure', name);
    const walked = findRow(rows, 'walk', name, ({ kernel }) => kernel !== 'mala');
    const adjusted = findRow(rows, 'walk', name, ({ kernel }) => kernel === 'mala');
    const loss = findRow(rows, 'train', name)?.error
      ? 'diverged'
      : found?.loss &&
        `${found.loss.mean.toPrecision(4)} ± ${found.loss.standardError.toPrecision(2)}`;
    return [
      name,
      cost?.parameters === undefined ? NONE : `${(cost.parameters / 1e6).toFixed(2)} M`,
      loss ?? NONE,
      rounded(cost?.stepSeconds && 1000 * cost.stepSeconds, 3),
      distanceOf(walked),
      effectiveSamples(walked),
      unequal(found?.equivariance?.mean),
      rounded(adjusted?.acceptance, 2),
      distanceOf(adjusted),
    ];
  });
  const titles = ['', 'param.', 'held-out loss', 'ms/step', metric, 'ESS/1k', 'order err'];
  return { titles: [...titles, 'accept', 'fd MALA'], lines };
}

/** Says what has to be known to read it. */
export function qualityNotes(
  protocol: ComparisonProtocol,
  rows: readonly ComparisonRow[],
  metric: string,
): string[] {
  const { sigma, measurements, training, walk, heldOut } = protocol;
  const { chains, draws, jumpEvery, burnIn, kernel, stepSize, friction } = walk;
  const short = draws < SLOW_CHAIN_DRAWS ? `, shown from ${SLOW_CHAIN_DRAWS} draws a chain` : '';
  return [
    `σ = ${sigma}, M = ${measurements}; each ${training.steps} updates of ${training.batch} examples, the same in the same order.`,
    `held-out loss: ‖x − x̂(y)‖² ± standard error on ${heldOut} examples, the same y for all.`,
    'ms/step: core time of a training step on one core, the shortest of a few.',
    ...countNotes(protocol),
    `${metric}: ${chains} chains × ${draws} jumps, ${kernel}, step ${stepSize}σ, friction ${fraction(friction)}, a jump every ${jumpEvery} after ${burnIn} steps.`,
    `ESS/1k: effective samples for 1,000 score calls${short}.`,
    'order err: ‖s(πy) − πs(y)‖/‖s(y)‖, how far the score is from turning with its measurements.',
    `accept, fd MALA: of a MALA walk at step ${walk.malaStepSize}σ, where there is an energy; a step takes a call for that too.`,
    ...rows.flatMap(({ id, error }) => (error ? [`${id}: ${error}`] : [])),
  ];
}

/** Counts are of other noise than the rest. */
function countNotes(protocol: ComparisonProtocol): string[] {
  const { entries, walk } = protocol;
  const counts = entries.find(({ parametrization }) => parametrization.startsWith('poisson'));
  if (counts === undefined) return [];
  const { noise } = modelOf(counts, protocol);
  if (noise.type !== 'poisson') return [];
  const { rate, background } = noise;
  return [
    `${counts.name}: counts at rate ${rounded(rate, 3)} of x + ${background}, so its loss is of other noise; walked by leaps of ${walk.leap} lifetimes.`,
  ];
}

function distanceOf(row: WalkRow | undefined): string {
  return row?.error ? 'diverged' : rounded(row?.fd, 3);
}

/** Chains too short to tell slow ones apart say nothing. */
function effectiveSamples(row: WalkRow | undefined): string {
  if (!row?.chains || row.chains.draws < SLOW_CHAIN_DRAWS) return NONE;
  return rounded(1000 * row.chains.effectiveSamplesPerScoreCall, 3);
}

/** A share; what rounding leaves is 0. */
function unequal(mean: number | undefined): string {
  if (mean === undefined) return NONE;
  return mean < 1e-5 ? '0' : `${rounded(100 * mean, 2)} %`;
}

/** What is measured as M grows. */
export const costs = {
  stepSeconds: { name: 'time of a training step', title: 'ms per training step', unit: 1e-3 },
  peakBytes: { name: 'memory to train', title: 'MB to train', unit: 1e6 },
  callSeconds: { name: 'time of a score call', title: 'µs per score call and chain', unit: 1e-6 },
} as const;

export type CostName = keyof typeof costs;

/** Lists one cost by M. */
export function costTable(
  protocol: ComparisonProtocol,
  rows: readonly ComparisonRow[],
  cost: CostName,
): Table {
  const { entries, cost: measured } = protocol;
  const members = [...measured.measurements].sort((a, b) => a - b);
  const lines = entries.map(({ name }) => [
    name,
    ...members.map((m) => {
      const row = findRow(rows, 'cost', name, ({ measurements }) => measurements === m);
      const value = row?.[cost];
      return value === undefined ? NONE : String(Math.round(value / costs[cost].unit));
    }),
  ]);
  return { titles: ['', ...members.map((m) => `M = ${m}`)], lines };
}

/** Writes the three costs side by side, each under its heading. */
export function costText(protocol: ComparisonProtocol, rows: readonly ComparisonRow[]): string[] {
  const names = Object.keys(costs) as CostName[];
  const tables = names.map((name) => costTable(protocol, rows, name));
  const [first] = tables;
  const blocks = tables.map(({ titles, lines }, i) => {
    const bare = (cells: readonly string[]) =>
      cells.slice(1).map((cell) => cell.replace('M = ', ''));
    const text = textTable({ titles: bare(titles), lines: lines.map(bare) }, 'end');
    const width = Math.max(text[0]!.length, costs[names[i]!].title.length);
    return [costs[names[i]!].title, ...text].map((line, at) =>
      at === 0 ? line.padEnd(width) : line.padStart(width),
    );
  });
  const labels = ['', 'M =', ...first!.lines.map(([name]) => name!)];
  const width = Math.max(...labels.map(({ length }) => length));
  return labels.map((label, i) =>
    [label.padEnd(width), ...blocks.map((block) => block[i]!)].join('  ').trimEnd(),
  );
}

/** Sets columns in line: the first to the left, the others to the right. */
export function textTable({ titles, lines }: Table, first: 'start' | 'end' = 'start'): string[] {
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]!.length)),
  );
  return [titles, ...lines].map((line) =>
    line
      .map((cell, column) =>
        column === 0 && first === 'start'
          ? cell.padEnd(widths[column]!)
          : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Writes a table in Markdown. */
export function markdownTable({ titles, lines }: Table): string[] {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = titles.map((_, column) => (column === 0 ? '---' : '---:'));
  return [row(titles), row(rule), ...lines.map(row)];
}
