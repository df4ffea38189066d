/** What an experiment writes: numbers, a table, a figure, and a page with the pictures. */
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { frechetName } from '../../evaluate/distances.ts';
import { cellOf, type PaperAProtocol } from '../../experiment/paper-a/protocol.ts';
import { type PaperARow, readProtocol, readRows } from '../../experiment/paper-a/store.ts';
import {
  bestFriction,
  type Measure,
  type Spread,
  type Summary,
  summarize,
} from '../../experiment/paper-a/summary.ts';
import { readBytes, writeBytes } from '../../files.ts';
import { versions } from '../../run/versions.ts';
import { formatDuration } from '../../text.ts';
import { imageTag, renderPage, type Section, settingsRows, table } from '../page.ts';
import { fraction, frictionFigure } from './figures.ts';

/** Where and with what an experiment was made. */
export interface Origin {
  readonly machine: { readonly cpu: string; readonly cores: number };
  readonly versions: Readonly<Record<string, string>>;
}

/** Describes this machine. */
export const hereOrigin = (): Origin => ({
  machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism() },
  versions: versions(),
});

/**
 * Reads what results that were written before say of their origin; where there are none, this
 * machine.
 */
export async function originOf(folder: string): Promise<Origin> {
  const path = join(folder, 'results.json');
  if (!existsSync(path)) return hereOrigin();
  try {
    const { machine, versions } = JSON.parse(new TextDecoder().decode(await readBytes(path)));
    return { ...hereOrigin(), ...(machine && { machine }), ...(versions && { versions }) };
  } catch {
    return hereOrigin();
  }
}

/** Writes `results.json`, `results.md`, `friction.svg` and `report.html`; their paths. */
export async function writeResults(folder: string, origin = hereOrigin()): Promise<string[]> {
  const protocol = await readProtocol(folder);
  const rows = await readRows(folder);
  const summaries = summarize(rows);
  const metric = frechetName(protocol.features.name);
  const figure = frictionFigure(summaries, metric);
  const results = {
    protocol,
    metric,
    best: bestMembers(protocol, summaries),
    summaries,
    work: workOf(rows),
    ...origin,
  };
  const files: string[] = [];
  const write = async (name: string, text: string) => {
    files.push(join(folder, name));
    await writeBytes(files.at(-1)!, new TextEncoder().encode(text));
  };
  await write('results.json', `${JSON.stringify(results, null, 2)}\n`);
  await write('results.md', markdown(summaries, metric));
  await write('friction.svg', figure);
  await write(
    'report.html',
    await page(folder, { protocol, rows, summaries, metric, figure, origin }),
  );
  return files;
}

/** Says what came out for each class and member, in lines for a person. */
export function describeBest(protocol: PaperAProtocol, rows: readonly PaperARow[]): string[] {
  const metric = frechetName(protocol.features.name);
  const summaries = summarize(rows);
  const line = ({ sigma, measurements, values }: Summary, how: string) =>
    `σ̃ = ${Number(sigma.toPrecision(3))}, M = ${measurements}: ${metric} ${textOf(values.fd, 3)} ${how}`;
  const best = bestMembers(protocol, summaries).map((one) =>
    line(one, `at friction ${fraction(one.friction)}${endOf(protocol, one.friction)}`),
  );
  const sequential = sequentialWalks(summaries).map((one) =>
    line(one, 'one measurement after another'),
  );
  return [...(best.length > 0 ? best : ['at every friction a walk diverged']), ...sequential];
}

/** Beyond the end of a grid there may be a better friction. */
function endOf({ frictions }: PaperAProtocol, friction: number): string {
  if (frictions.length < 3) return '';
  if (friction === Math.min(...frictions)) return ', the lowest that was tried';
  return friction === Math.max(...frictions) ? ', the highest that was tried' : '';
}

/** The best friction of each class and member, with its distance. */
function bestMembers(protocol: PaperAProtocol, summaries: readonly Summary[]): Summary[] {
  return protocol.classes.flatMap(({ sigma }) =>
    protocol.measurements.flatMap((m) => bestFriction(summaries, protocol, sigma, m) ?? []),
  );
}

const sequentialWalks = (summaries: readonly Summary[]): Summary[] =>
  summaries.filter(({ stage, values }) => stage === 'sequential' && values.fd !== undefined);

function workOf(rows: readonly PaperARow[]) {
  const sum = (read: (row: PaperARow) => number) =>
    rows.reduce((total, row) => total + read(row), 0);
  return {
    cells: rows.length,
    scoreCalls: sum(({ scoreCalls }) => scoreCalls),
    coreSeconds: sum(({ seconds }) => seconds),
  };
}

interface Column {
  readonly title: string;
  readonly measure: Measure;
  readonly digits: number;
}

const columnsOf = (metric: string): readonly Column[] => [
  { title: metric, measure: 'fd', digits: 3 },
  { title: 'kernel distance', measure: 'kid', digits: 3 },
  { title: 'precision', measure: 'precision', digits: 2 },
  { title: 'recall', measure: 'recall', digits: 2 },
  { title: 'ESS per 1,000 calls', measure: 'effectiveSamples', digits: 2 },
  { title: 'R̂', measure: 'rHat', digits: 3 },
  { title: 'classes a chain', measure: 'classesPerChain', digits: 2 },
  { title: 'longest stuck, draws', measure: 'stuck', digits: 2 },
];

const stageNames: Readonly<Record<Summary['stage'], string>> = {
  friction: 'grid',
  sequential: 'one at a time',
  kernel: 'kernels',
  long: 'long chains',
};

/** Rows of text, the first of them the titles. */
function tableOf(summaries: readonly Summary[], metric: string): string[][] {
  const columns = columnsOf(metric).filter(({ measure }) =>
    summaries.some(({ values }) => values[measure] !== undefined),
  );
  const anyDiverged = summaries.some(({ diverged }) => diverged > 0);
  const titles = [
    ...['', 'σ̃', 'M', 'kernel', 'γδ'],
    ...(anyDiverged ? ['diverged'] : []),
    ...columns.map(({ title }) => title),
  ];
  const rows = summaries.map((s) => [
    stageNames[s.stage],
    String(Number(s.sigma.toPrecision(3))),
    String(s.measurements),
    s.kernel,
    fraction(s.friction),
    ...(anyDiverged ? [`${s.diverged} of ${s.diverged + s.seeds}`] : []),
    ...columns.map(({ measure, digits }) => textOf(s.values[measure], digits)),
  ]);
  return [titles, ...rows];
}

function textOf(spread: Spread | undefined, digits: number): string {
  if (spread === undefined) return '–';
  const mean = Number(spread.mean.toPrecision(digits));
  return spread.seeds > 1 ? `${mean} ± ${Number(spread.deviation.toPrecision(2))}` : String(mean);
}

function markdown(summaries: readonly Summary[], metric: string): string {
  const [titles, ...rows] = tableOf(summaries, metric);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `${[line(titles!), line(titles!.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}

interface Shown {
  readonly protocol: PaperAProtocol;
  readonly rows: readonly PaperARow[];
  readonly summaries: readonly Summary[];
  readonly metric: string;
  readonly figure: string;
  readonly origin: Origin;
}

async function page(folder: string, shown: Shown): Promise<string> {
  const { protocol, rows, summaries, metric, figure, origin } = shown;
  const { coreSeconds, scoreCalls, cells } = workOf(rows);
  const { cpu, cores } = origin.machine;
  const { name } = protocol.data;
  const seeds = protocol.seeds.length;
  return renderPage({
    title: `Walk–jump on ${name}: members, frictions and kernels`,
    subtitle: `${cells} walks, ${(scoreCalls / 1e6).toPrecision(3)} million score calls, ${formatDuration(coreSeconds)} of one core. ${metric} compares ${protocol.chains} chains × ${protocol.draws} jumps with ${protocol.data.count} images.`,
    sections: [
      {
        title: 'Distance against friction',
        text: `The lower the better; bars are one deviation over ${seeds} seeds.`,
        html: figure,
      },
      {
        title: 'All cells',
        text: 'Mean ± deviation over seeds. Long chains are few: they show mixing, and have no distance.',
        html: grid(tableOf(summaries, metric)),
      },
      ...(await pictures(folder, protocol, summaries)),
      {
        title: 'Protocol',
        text: `As in experiment.json. Made on ${cores} cores, ${cpu}.`,
        html: table(settingsRows({ protocol, versions: origin.versions })),
      },
    ],
  });
}

function grid([titles, ...rows]: readonly (readonly string[])[]): string {
  const cell = (tag: string) => (text: string) => `<${tag}>${text}</${tag}>`;
  const line = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map(cell(tag)).join('')}</tr>`;
  return `<div class="wide"><table>${line(titles!, 'th')}${rows.map((r) => line(r, 'td')).join('')}</table></div>`;
}

/** The last jumps at the best friction, and the long chains; then walks of one after another. */
async function pictures(
  folder: string,
  protocol: PaperAProtocol,
  summaries: readonly Summary[],
): Promise<Section[]> {
  const seed = protocol.seeds[0]!;
  const steps = protocol.long.draws * protocol.long.jumpEvery;
  const best = bestMembers(protocol, summaries).map((walk) =>
    picture(folder, walk, {
      files: [
        `${cellOf({ ...walk, stage: 'friction', seed }).id}.png`,
        `${cellOf({ ...walk, stage: 'long', seed }).id}-chains.png`,
      ],
      text: `At its best friction ${fraction(walk.friction)}, distance ${textOf(walk.values.fd, 3)}: the last jump of each chain, then long single chains, one in each row, ${steps} steps from left to right.`,
    }),
  );
  const sequential = sequentialWalks(summaries).map((walk) =>
    picture(folder, walk, {
      files: [`${cellOf({ ...walk, seed }).id}.png`],
      text: `One measurement after another, distance ${textOf(walk.values.fd, 3)}: the last jump of each chain.`,
    }),
  );
  return (await Promise.all([...best, ...sequential])).flat();
}

/** A section of those of the files that are there. */
async function picture(
  folder: string,
  { sigma, measurements }: Summary,
  { files, text }: { readonly files: readonly string[]; readonly text: string },
): Promise<Section[]> {
  const found = files.map((name) => join(folder, 'pictures', name)).filter(existsSync);
  const images = await Promise.all(
    found.map(async (path) => imageTag(await readBytes(path), `Samples at M = ${measurements}`)),
  );
  const title = `σ̃ = ${Number(sigma.toPrecision(3))}, M = ${measurements}`;
  return images.length === 0 ? [] : [{ title, text, html: images.join('<br>') }];
}
