import { join } from 'node:path';
import { figure, type Section, strip, type TableRow, table } from '../page.ts';
import { pictureTag } from '../picture-tag.ts';
import { chainsSection } from './chains-section.ts';
import type { EvaluationFile, FoundEvaluation } from './evaluation-file.ts';
import type { RunFiles } from './run-files.ts';

/** Shows what was measured: distances and copies, then how chains mix. */
export async function evaluationSections(run: RunFiles): Promise<Section[]> {
  const { evaluation } = run;
  if (!evaluation) return [];
  const { chains } = evaluation.findings;
  const filmstrip = await pictureTag(join(evaluation.folder, 'chains.png'), 'Jumps of chains');
  return [
    await distancesSection(run, evaluation),
    ...(chains || filmstrip ? [chainsSection(chains, filmstrip)] : []),
  ];
}

/** Milliseconds that a model may be newer than its evaluation where a folder was copied. */
const COPYING = 10_000;

async function distancesSection(
  { modelWritten = 0 }: RunFiles,
  evaluation: FoundEvaluation,
): Promise<Section> {
  const rows = distanceRows(evaluation);
  const pairs = await pictureTag(
    join(evaluation.folder, 'nearest.png'),
    'Samples above the training images nearest to them',
  );
  const newer = evaluation.file === undefined && modelWritten > evaluation.written + COPYING;
  const caption =
    'Above, last jumps of chains; below each, the training image nearest to it in features.';
  return {
    title: 'Evaluation',
    text: `${describeSamples(evaluation)}${newer ? ' The model was written again after this: evaluate it anew.' : ''}`,
    html: [
      rows.length > 0 ? table(rows) : '',
      pairs ? figure(strip(pairs, caption), caption) : '',
    ].join('\n'),
  };
}

function describeSamples(evaluation: EvaluationFile): string {
  const { samples, chains, draws, data, features, file, walk = {} } = evaluation;
  const { jumpEvery, burnIn, kernel, stepSize, friction, measurements } = walk;
  const count = (value: number) => value.toLocaleString('en');
  const source = file === undefined ? '' : ` from ${file}`;
  const drawn = `${count(samples)} samples${source}, ${draws > 1 ? `${count(draws)} of each of ${count(chains)} chains` : 'one of each chain'}`;
  const walked =
    jumpEvery === undefined
      ? ''
      : ` (a jump every ${jumpEvery} steps after ${burnIn}, kernel ${kernel}, step ${stepSize} σ, γδ = ${friction}${measurements === undefined ? '' : `, M = ${measurements}`})`;
  return `${drawn}${walked}, compared with ${count(data.count)} images of ${data.name} in ${features.dimension} features of ${features.name}.`;
}

function distanceRows({ findings, features, samples }: EvaluationFile): TableRow[] {
  const { frechet, kernel, coverage, memorisation } = findings;
  const rows: TableRow[] = [];
  const digits = (value: number, count = 3) =>
    Number.isFinite(value) ? String(Number(value.toPrecision(count))) : '–';
  if (frechet) {
    const few = samples < 10 * features.dimension;
    const caution = few ? ' So few samples make it larger.' : '';
    const meaning = `Fréchet distance in ${features.name} features: 0 for equal laws.${caution}`;
    rows.push([frechet.name, digits(frechet.distance, 4), meaning]);
  }
  if (kernel) {
    const value = `${digits(kernel.mean)} ± ${digits(kernel.standardError, 2)}`;
    rows.push(['kernel distance', value, '0 for equal laws, with its standard error.']);
  }
  if (coverage) {
    const { precision, recall, density, coverage: share } = coverage;
    rows.push(
      ['precision', digits(precision), 'Share of samples that look real.'],
      ['recall', digits(recall), 'Share of the data that is drawn.'],
      ['density, coverage', `${digits(density)}, ${digits(share)}`, 'Both 1 for equal laws.'],
    );
  }
  if (memorisation) {
    const text = ({ share, medianRatio }: { share: number; medianRatio: number }) =>
      `${digits(100 * share)} %, median ratio ${digits(medianRatio)}`;
    const meaning =
      'Samples much nearer to a training image than its own neighbours are. The ratio of the two distances is about 1 for a new image, 0 for a copy.';
    rows.push(
      ['copies, by features', text(memorisation.features)],
      ['copies, by pixels', text(memorisation.pixels), meaning],
    );
  }
  return rows;
}
