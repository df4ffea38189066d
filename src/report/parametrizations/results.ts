/** What a comparison writes: numbers, tables, figures, and a page with the pictures. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readNpy } from '../../data/node/index.ts';
import { sizeOf } from '../../data/shape.ts';
import { frechetName } from '../../evaluate/distances.ts';
import { CURVE_METRIC, runFolder } from '../../experiment/parametrizations/learn.ts';
import type { ComparisonProtocol } from '../../experiment/parametrizations/protocol.ts';
import {
  type ComparisonRow,
  readProtocol,
  readRows,
} from '../../experiment/parametrizations/row.ts';
import { writeBytes } from '../../files.ts';
import { hasRun, readEvaluations } from '../../run/index.ts';
import { encodePng, type Raster, tileImages } from '../../sample/index.ts';
import { scaleOf } from '../../sample/picture-sizes.ts';
import { formatDuration } from '../../text.ts';
import { escapeHtml, figure, imageTag, renderPage, settingsRows, table } from '../page.ts';
import { hereOrigin, type Origin } from '../paper-a/results.ts';
import { type CurvePoint, costFigure, lossFigure } from './figures.ts';
import {
  type CostName,
  costs,
  costTable,
  costText,
  markdownTable,
  qualityNotes,
  qualityTable,
  type Table,
  textTable,
} from './table.ts';

/** Writes the tables as a terminal shows them, 100 columns wide at most. */
export function describeComparison(
  protocol: ComparisonProtocol,
  rows: readonly ComparisonRow[],
): string[] {
  const metric = frechetName(protocol.features.name);
  return [
    ...textTable(qualityTable(protocol, rows, metric)),
    ...['', ...qualityNotes(protocol, rows, metric), ''],
    ...costText(protocol, rows),
    '',
    costNote,
  ];
}

const costNote =
  'Times: core time, the shortest of a few. MB: peak of a fresh process over the runtime alone.';

interface Shown {
  readonly protocol: ComparisonProtocol;
  readonly rows: readonly ComparisonRow[];
  readonly metric: string;
  readonly figures: { readonly cost: string; readonly loss: string };
  /** PNG of each walk's last jumps. */
  readonly pictures: readonly Picture[];
  readonly origin: Origin;
}

interface Picture {
  readonly name: string;
  readonly kernel: string;
  readonly jumps: Float32Array;
}

/**
 * Writes `results.json`, `results.md`, `cost.svg`, `loss.svg`, `samples.png` and `report.html`;
 * their paths.
 */
export async function writeComparison(folder: string, origin = hereOrigin()): Promise<string[]> {
  const protocol = await readProtocol(folder);
  const rows = await readRows(folder);
  const metric = frechetName(protocol.features.name);
  const curves = await curvesOf(folder, protocol);
  const figures = { cost: costFigure(protocol, rows), loss: lossFigure(protocol, curves) };
  const pictures = await picturesOf(folder, protocol);
  const shown: Shown = { protocol, rows, metric, figures, pictures, origin };
  const files: string[] = [];
  const write = async (name: string, content: string | Uint8Array) => {
    files.push(join(folder, name));
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    await writeBytes(files.at(-1)!, bytes);
  };
  const results = { protocol, metric, rows, curves, ...origin };
  await write('results.json', `${JSON.stringify(results, null, 2)}\n`);
  await write('results.md', markdown(shown));
  await write('cost.svg', figures.cost);
  await write('loss.svg', figures.loss);
  const main = pictures.filter(({ kernel }) => kernel !== 'mala');
  if (main.length > 0) {
    await write('samples.png', await encodePng(rowsPicture(main, protocol)));
  }
  await write('report.html', await page(shown));
  return files;
}

async function curvesOf(folder: string, { entries }: ComparisonProtocol): Promise<CurvePoint[]> {
  const curves = entries.map(async (entry): Promise<CurvePoint[]> => {
    const directory = runFolder({ folder, entry });
    if (!(await hasRun(directory))) return [];
    const lines = await readEvaluations(directory);
    return lines.flatMap(({ step, metrics }) => {
      const loss = metrics[CURVE_METRIC];
      return loss === undefined ? [] : [{ name: entry.name, step, loss }];
    });
  });
  return (await Promise.all(curves)).flat();
}

async function picturesOf(folder: string, protocol: ComparisonProtocol): Promise<Picture[]> {
  const kernels = [protocol.walk.kernel, 'tau-leap', 'mala'];
  const wanted = kernels.flatMap((kernel) =>
    protocol.entries.map(({ name }) => ({ name, kernel })),
  );
  const found = wanted.map(async ({ name, kernel }): Promise<Picture[]> => {
    const path = join(folder, 'jumps', `${name}-${kernel}.npy`);
    if (!existsSync(path)) return [];
    return [{ name, kernel, jumps: (await readNpy(path)).data as Float32Array }];
  });
  return (await Promise.all(found)).flat();
}

/** Chains of each row that are shown. */
const SHOWN = 12;

/** The last jumps of the first chains, a row for each parametrization. */
function rowsPicture(pictures: readonly Picture[], { shape, walk }: ComparisonProtocol): Raster {
  const size = sizeOf(shape);
  const columns = Math.min(SHOWN, walk.chains);
  const images = new Float32Array(pictures.length * columns * size);
  pictures.forEach(({ jumps }, i) => {
    images.set(jumps.subarray(0, columns * size), i * columns * size);
  });
  return tileImages(images, shape, { columns, scale: scaleOf(shape) });
}

function markdown({ protocol, rows, metric, pictures }: Shown): string {
  const main = pictures.filter(({ kernel }) => kernel !== 'mala');
  const names = (Object.keys(costs) as CostName[]).flatMap((name) => [
    ...['', `${costs[name].title}:`, ''],
    ...markdownTable(costTable(protocol, rows, name)),
  ]);
  const lines = [
    ...markdownTable(qualityTable(protocol, rows, metric)),
    ...['', ...qualityNotes(protocol, rows, metric).map((note) => `- ${note}`)],
    ...names,
    ...['', costNote, '', '![cost by M](cost.svg)', '', '![held-out loss](loss.svg)'],
    ...(main.length > 0
      ? [
          ...['', `Last jumps, a row each: ${main.map(({ name }) => name).join(', ')}.`],
          ...['', '![samples](samples.png)'],
        ]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

async function page(shown: Shown): Promise<string> {
  const { protocol, rows, metric, figures, pictures, origin } = shown;
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
  const { cpu, cores } = origin.machine;
  const named = await Promise.all(
    pictures.map(async (picture) => {
      const png = await encodePng(rowsPicture([picture], protocol));
      const name = `${picture.name}, ${picture.kernel}`;
      return figure(imageTag(png, `Samples of ${name}`), name);
    }),
  );
  const costTables = (Object.keys(costs) as CostName[]).map(
    (name) => `<h3>${costs[name].title}</h3>${htmlTable(costTable(protocol, rows, name))}`,
  );
  return renderPage({
    title: `Parametrizations on ${protocol.data.name}`,
    subtitle: `${protocol.entries.length} ways to learn one M-density at equal budget; ${formatDuration(seconds)} of one core.`,
    sections: [
      {
        title: 'What each is worth',
        text: qualityNotes(protocol, rows, metric).join(' '),
        html: htmlTable(qualityTable(protocol, rows, metric)),
      },
      { title: 'What it costs as M grows', text: costNote, html: figures.cost },
      { title: 'The same in numbers', text: 'On one core.', html: costTables.join('') },
      {
        title: 'While they learn',
        text: 'The loss of the final estimator on the first held-out examples.',
        html: figures.loss,
      },
      { title: 'Samples', text: 'The last jump of the first chains.', html: named.join('') },
      {
        title: 'Protocol',
        text: `As in experiment.json. Made on ${cores} cores, ${cpu}.`,
        html: table(settingsRows({ protocol, versions: origin.versions })),
      },
    ],
  });
}

function htmlTable({ titles, lines }: Table): string {
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  const body = lines.map((line) => row(line, 'td')).join('');
  return `<div class="wide"><table>${row(titles, 'th')}${body}</table></div>`;
}
