/** The page of a run. */

import { join } from 'node:path';
import { sizeOf } from '../../data/shape.ts';
import { featuresFor } from '../../evaluate/model/features.ts';
import {
  describeNoise,
  gpsName,
  inputOf,
  levelsOf,
  type ModelConfig,
  parametrizations,
} from '../../model/index.ts';
import { formatDuration, shellWord } from '../../text.ts';
import {
  commandLine,
  figure,
  figures,
  renderPage,
  type Section,
  settingsRows,
  type TableRow,
  table,
} from '../page.ts';
import { pictureTag } from '../picture-tag.ts';
import { cardHtml } from './card.ts';
import { evaluationSections } from './evaluation-section.ts';
import type { RunFiles } from './run-files.ts';
import { exampleWords, trainingSection, trainingTimes } from './training-section.ts';

/** A part that the page could have, and the command that makes it. */
export interface Missing {
  readonly part: 'training' | 'evaluation';
  readonly text: string;
  readonly command?: string;
}

export interface RunPage {
  readonly html: string;
  readonly missing: readonly Missing[];
}

/** Renders one page of everything in a run's folder, and what is not there yet. */
export async function runPage(run: RunFiles): Promise<RunPage> {
  const missing = missingParts(run);
  const gap = (part: Missing['part'], title: string) =>
    missing.filter((one) => one.part === part).map((one) => missingSection(title, one));
  const html = renderPage({
    title: run.name,
    subtitle: describeRun(run),
    sections: [
      ...(await samplesSection(run)),
      ...(run.metrics.length > 0
        ? [trainingSection(run.metrics, run.lines, exampleWords(run.record.model))]
        : gap('training', 'Training')),
      ...(await gridsSection(run)),
      ...(await evaluationSections(run)),
      ...(run.sequences ? [run.sequences] : []),
      ...gap('evaluation', 'Evaluation'),
      ...timeSection(run),
      ...cardSection(run),
      configurationSection(run),
    ],
  });
  return { html, missing };
}

const number = (value: number) => value.toLocaleString('en');

/** What was learned, by what, how far, when: one sentence. */
function describeRun({ record, parameters, steps }: RunFiles): string {
  const { model, training, data, device, started } = record;
  const progress =
    steps === training.steps ? number(steps) : `${number(steps)} of ${number(training.steps)}`;
  const date = new Date(started);
  const when = Number.isNaN(date.getTime())
    ? started
    : `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(date)} UTC`;
  const examples = `${data.name} (${number(data.count)} examples, ${model.shape.join('×')})`;
  return `${densityOf(model)} of ${examples}, by ${learner(model)}: ${number(parameters)} parameters, ${progress} steps of ${training.batch}, device ${device}, started ${when}.`;
}

/** What was learned: a class of M-densities or, where the network sees all measurements, one. */
function densityOf(model: ModelConfig): string {
  const classes = levelsOf(model) ? 'classes' : 'class';
  return inputOf(model).stacked === 1
    ? `The M-densities of the ${classes} ${describeNoise(model)}`
    : `The M-density of ${describeNoise(model)}`;
}

/** What learned it. */
function learner({ parametrization, noise, view }: ModelConfig): string {
  const learned = {
    noise: 'the noise',
    denoised: 'the denoised example',
    preconditioned: 'a mixture of both',
  };
  const predicts = `a network that predicts ${learned[view]}`;
  if (noise.type === 'gaussian' && noise.levels)
    return `GPS with ${predicts} and is told its noise level`;
  if (parametrization === 'gps') return `${gpsName(noise)} with ${predicts}`;
  return `parametrization ${parametrization}, ${parametrizations[parametrization].description.split(';')[0]}`;
}

function missingParts(run: RunFiles): Missing[] {
  const { metrics, inBox, folder, modelWritten } = run;
  const evaluation = run.evaluation ?? run.sequences;
  const resume = inBox ? {} : { command: `mdensity train --out ${shellWord(folder)} --resume` };
  const missing: Missing[] = [];
  if (metrics.length === 0) {
    const text =
      modelWritten === undefined
        ? 'No step is logged yet; this goes on with it:'
        : 'The folder holds the model without the log of its training, so there are no curves.';
    missing.push({ part: 'training', text, ...(modelWritten === undefined && resume) });
  }
  if (!evaluation && modelWritten === undefined) {
    const text = 'No model is saved yet, so there is nothing to evaluate.';
    missing.push({ part: 'evaluation', text, ...(metrics.length > 0 && resume) });
  } else if (!evaluation) {
    const what = run.record.model.alphabet
      ? 'uniqueness, validity and edits'
      : 'distances, copies and how chains mix';
    const text = `Not made yet. This draws samples and measures ${what}:`;
    missing.push({ part: 'evaluation', text, command: evaluateCommand(run) });
  }
  return missing;
}

/** Data of an unknown kind need to be told what to be compared in. */
function evaluateCommand({ target, record: { model, data } }: RunFiles): string {
  const command = `mdensity evaluate --model ${shellWord(target)}`;
  if (model.alphabet) return command;
  try {
    featuresFor({ name: data.name, shape: model.shape });
    return command;
  } catch {
    const dimension = sizeOf(model.shape);
    const pictures = model.shape.length === 3 && dimension > 1000;
    return `${command} ${pictures ? '--fetch-inception --draws 50' : '--features pixels'}`;
  }
}

const missingSection = (title: string, { text, command }: Missing): Section => ({
  title,
  text,
  html: command === undefined ? '' : commandLine(command),
});

/** The latest samples: of the evaluation, of the training, or those that came with the model. */
async function samplesSection({ evaluation, grids, folder }: RunFiles): Promise<Section[]> {
  const last = grids.at(-1);
  const places = [
    ...(evaluation
      ? [[join(evaluation.folder, 'samples.png'), 'The last jump of each chain.'] as const]
      : []),
    ...(last ? [[last.path, `Drawn at step ${number(last.step)}.`] as const] : []),
    [join(folder, 'samples.png'), 'As they came with the model.'] as const,
  ];
  for (const [path, text] of places) {
    const html = await pictureTag(path, 'Grid of samples');
    if (html !== undefined) return [{ title: 'Samples', text, html }];
  }
  return [];
}

/** Most grids on the page. */
const GRIDS = 6;

/** The first and the last grid, and some between. */
async function gridsSection({ grids }: RunFiles): Promise<Section[]> {
  if (grids.length === 0) return [];
  const count = Math.min(GRIDS, grids.length);
  const shown = Array.from(
    { length: count },
    (_, i) => grids[Math.round((i * (grids.length - 1)) / Math.max(1, count - 1))]!,
  );
  const parts: string[] = [];
  for (const { step, path } of shown) {
    const picture = await pictureTag(path, `Samples at step ${step}`);
    if (picture !== undefined) parts.push(figure(picture, `step ${number(step)}`));
  }
  const text = `The same noise walked by the moving average as it learns${grids.length > count ? `; ${count} of ${grids.length} grids` : ''}.`;
  return [{ title: 'On the way', text, html: figures(parts, 'small') }];
}

function timeSection({ metrics, evaluation, record }: RunFiles): Section[] {
  const rows: TableRow[] = [
    ...(metrics.length > 0
      ? trainingTimes(metrics, record.training.batch, exampleWords(record.model))
      : []),
    ...Object.entries(evaluation?.seconds ?? {}).map(
      ([part, seconds]) => [`evaluation, ${part}`, formatDuration(seconds)] as const,
    ),
  ];
  if (rows.length === 0) return [];
  const text = 'Training by its log; pauses, evaluations on the way and compiling are not in it.';
  return [{ title: 'Time', text, html: table([...rows, ...machineRows(record, evaluation)]) }];
}

function machineRows(
  { versions, device }: RunFiles['record'],
  evaluation: RunFiles['evaluation'],
): TableRow[] {
  const textOf = (named: Readonly<Record<string, string>>) =>
    Object.entries(named)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ');
  const [trained, evaluated] = [textOf(versions), textOf(evaluation?.versions ?? {})];
  return [
    ['trained with', `${trained}, device ${device}`],
    ...(evaluated !== '' && evaluated !== trained ? [['evaluated with', evaluated] as const] : []),
  ];
}

const cardSection = ({ card }: RunFiles): Section[] =>
  card === undefined ? [] : [{ title: 'Card', text: 'What its maker says.', html: cardHtml(card) }];

const configurationSection = ({ record }: RunFiles): Section => ({
  title: 'Configuration',
  text: 'As in run.json.',
  html: table(settingsRows(record), 'settings'),
});
