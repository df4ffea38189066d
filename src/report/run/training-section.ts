import type { ModelConfig } from '../../model/index.ts';
import type { EvaluationLine, Metrics } from '../../run/index.ts';
import { formatDuration } from '../../text.ts';
import { figure, figures, type Section, type TableRow } from '../page.ts';
import { lineChart, type Series } from '../plot.ts';

/** A value of a metric, and the step it was found at. */
type Point = readonly [step: number, value: number];

const VALIDATION = 'validationLoss';

/** Metrics that are better the lower they are: losses and distances. */
const isLower = (name: string) => /loss$|^fid$|^fd-/i.test(name);

/** What examples are called, and what their values are. */
export interface ExampleWords {
  readonly examples: string;
  readonly values: string;
}

const imageWords: ExampleWords = { examples: 'images', values: 'pixels' };

/** Gives the words for the examples of a model: images, sequences or points. */
export function exampleWords({
  shape,
  alphabet,
}: Pick<ModelConfig, 'shape' | 'alphabet'>): ExampleWords {
  if (alphabet) return { examples: 'sequences', values: 'letters of one-hot positions' };
  return shape.length === 3 ? imageWords : { examples: 'examples', values: 'coordinates' };
}

/**
 * Plots the curves of a training: losses, other metrics with the best marked, learning rate, speed.
 */
export function trainingSection(
  metrics: readonly Metrics[],
  lines: readonly EvaluationLine[] = [],
  { examples, values }: ExampleWords = imageWords,
): Section {
  const named = metricsByName(lines);
  const validation = named.get(VALIDATION);
  named.delete(VALIDATION);
  return {
    title: 'Training',
    text: `Loss: ‖x − ν(ȳ)‖² summed over ${values}, averaged over the steps of each line of the log${validation ? '; on held-out examples it is the moving average’s' : ''}.`,
    html: figures([
      lossFigure(metrics, validation),
      ...[...named].map(([name, points]) => metricFigure(name, points)),
      logFigure(metrics, 'learningRate', 'learning rate', 'Learning rate'),
      logFigure(metrics, 'imagesPerSecond', `${examples}/s`, 'Speed'),
    ]),
  };
}

function metricsByName(lines: readonly EvaluationLine[]): Map<string, Point[]> {
  const named = new Map<string, Point[]>();
  for (const { step, metrics } of lines) {
    for (const [name, value] of Object.entries(metrics)) {
      named.set(name, [...(named.get(name) ?? []), [step, value]]);
    }
  }
  return named;
}

function lossFigure(metrics: readonly Metrics[], validation: readonly Point[] = []): string {
  const best = bestOf(VALIDATION, validation);
  const series: Series[] = [
    { name: 'training', points: metrics.map(({ step, loss }) => [step, loss] as const) },
    { name: 'held out', points: validation },
  ];
  const caption = best
    ? `Loss in training, and coloured on held-out examples: ${describeBest(best)}`
    : 'Loss in training';
  return figure(
    lineChart(series, { x: 'step', y: 'loss, log scale', logY: true, marked: best }),
    caption,
  );
}

function metricFigure(name: string, points: readonly Point[]): string {
  const best = bestOf(name, points);
  return figure(
    lineChart([{ name, points }], { x: 'step', y: name, marked: best }),
    best ? `${name}, lower is better: ${describeBest(best)}` : name,
  );
}

const logFigure = (
  metrics: readonly Metrics[],
  key: 'learningRate' | 'imagesPerSecond',
  y: string,
  caption: string,
) =>
  figure(
    lineChart([{ name: key, points: metrics.map((line) => [line.step, line[key]] as const) }], {
      x: 'step',
      y,
      zero: true,
    }),
    caption,
  );

/** The lowest of a metric that should be low; of others it is not known which way they improve. */
function bestOf(name: string, points: readonly Point[]): Point | undefined {
  if (!isLower(name) || points.length === 0) return undefined;
  return points.reduce((best, point) => (point[1] < best[1] ? point : best));
}

const describeBest = ([step, value]: Point) =>
  `best ${value.toPrecision(4)} at step ${step.toLocaleString('en')}`;

/** Says how long a training took and how fast it was, by its metrics. */
export function trainingTimes(
  metrics: readonly Metrics[],
  batch: number,
  { examples }: ExampleWords = imageWords,
): TableRow[] {
  const rates = metrics
    .map(({ imagesPerSecond }) => imagesPerSecond)
    .filter((rate) => rate > 0)
    .sort((a, b) => a - b);
  const rate = rates[Math.floor(rates.length / 2)];
  let [seconds, before] = [0, 0];
  for (const { step, imagesPerSecond } of metrics) {
    if (imagesPerSecond > 0) seconds += ((step - before) * batch) / imagesPerSecond;
    before = step;
  }
  return [
    [
      'training rate (median)',
      rate ? `${rate < 100 ? rate.toPrecision(2) : Math.round(rate)} ${examples}/s` : '–',
    ],
    ['time in training steps', rate ? formatDuration(seconds) : '–'],
  ];
}
