import { type Dataset, pick, readAllScaled } from '../data/index.ts';
import { nearestExamples } from '../evaluate/index.ts';
import { type ConditionalFamily, gpsName } from '../model/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import type { Metrics, RunRecord } from '../run/index.ts';
import { type Draws, drawOf, filmstrips, type Raster, scaleOf } from '../sample/index.ts';
import { formatDuration } from '../text.ts';
import { imageTag, renderPage, type Section, settingsRows, strip, table } from './page.ts';
import { trainingSection, trainingTimes } from './run/training-section.ts';

/** Everything the demo's report shows. Pictures are PNG. */
export interface DemoParts {
  readonly record: RunRecord;
  readonly metrics: readonly Metrics[];
  readonly draws: Draws;
  readonly dataset: Dataset;
  readonly samples: Uint8Array;
  readonly chains: Uint8Array;
  readonly noisyChains: Uint8Array;
  readonly denoising: Uint8Array;
  readonly laps: readonly { readonly name: string; readonly seconds: number }[];
}

/** Noise level of the digits that are shown. */
const SHOWN = 0.5;

/**
 * Draws three rows: a digit of each class, the same with noise σ̃ = 1/2, and what the denoiser
 * makes of it.
 */
export async function denoisingStrip(
  family: ConditionalFamily,
  dataset: Dataset,
  seed: number,
): Promise<Raster> {
  const labels = (dataset.classes ?? []).map((_, label) => label);
  const shown = labels.map((label) => dataset.labels!.indexOf(label));
  const { sigma, denoise } = family.at(SHOWN, { class: labels });
  const clean = readAllScaled(pick(dataset, shown));
  const size = clean.length / shown.length;
  const ybar = new Float32Array(clean.length);
  fillNormal(randomKey(seed), 0, ybar);
  for (let i = 0; i < ybar.length; i++) ybar[i] = clean[i]! + sigma * ybar[i]!;
  const xhat = new Float32Array(ybar.length);
  await denoise(ybar, xhat);
  // A filmstrip has a row for each chain: here the rows are clean, noisy and denoised.
  const rows = [clean, ybar, xhat];
  const frames = shown.map((_, i) => {
    const frame = new Float32Array(rows.length * size);
    rows.forEach((row, r) => {
      frame.set(row.subarray(i * size, (i + 1) * size), r * size);
    });
    return frame;
  });
  return filmstrips(frames, dataset.shape, { scale: scaleOf(dataset.shape) });
}

/** Renders the page of the demonstration. */
export function demoPage(parts: DemoParts): string {
  const { record, draws, dataset } = parts;
  const { noise } = record.model;
  return renderPage({
    title: 'mdensity demo: digits from a smoothed density',
    subtitle: `A denoiser of every noise level, told the digit, learned on ${dataset.count.toLocaleString('en')} MNIST digits. ${draws.shape[0]} chains walk the measurements of ${gpsName(noise)} one after another, ${draws.steps.at(-1)} Langevin steps each, and jump to x̂ = ν(ȳ).`,
    sections: [
      samplesSection(parts),
      chainsSection(parts),
      denoisingSection(parts),
      trainingSection(parts.metrics),
      ...tables(parts),
    ],
  });
}

function samplesSection({ samples, draws, dataset }: DemoParts): Section {
  const [chains, jumps] = draws.shape;
  const last = drawOf(draws.data, draws.shape, jumps - 1);
  const nearest = nearestExamples(last, readAllScaled(dataset), last.length / chains);
  const counts = new Map<number, number>();
  for (const { index } of nearest) {
    const label = dataset.labels![index]!;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const classes = (dataset.classes ?? []).map(
    (name, label) => `${name}: ${counts.get(label) ?? 0}`,
  );
  const closest = Math.min(...nearest.map(({ distance }) => distance));
  return {
    title: 'Samples',
    text: `The last jump of every chain. By the class of the nearest digit in pixels: ${classes.join(', ')}. The sample closest to a training digit is ${closest.toFixed(2)} from it (0 would be a copy).`,
    html: imageTag(samples, 'Grid of generated digits'),
  };
}

const chainsSection = ({ chains, noisyChains }: DemoParts): Section => ({
  title: 'Single chains',
  text: `Each row is one chain, its measurements made anew for each jump: first x̂, then the mean ȳ of its noisy measurements.`,
  html: [
    strip(imageTag(chains, 'Jumps of single chains'), 'Jumps of single chains'),
    strip(imageTag(noisyChains, 'The walked noisy images'), 'The walked noisy images'),
  ].join('\n'),
});

const denoisingSection = ({ denoising }: DemoParts): Section => ({
  title: 'What the denoiser does',
  text: 'Real digits, the same with noise ȳ = x + ε/2, and ν(ȳ).',
  html: imageTag(denoising, 'Digits, noisy digits, denoised digits'),
});

function tables({ record, metrics, laps }: DemoParts): Section[] {
  const times = laps.map(({ name, seconds }) => [name, formatDuration(seconds)] as const);
  const { model, training, data, versions } = record;
  return [
    {
      title: 'Time',
      text: 'Of this run of the command, in which training that was done before takes none; then by the log of the training.',
      html: table([...times, ...trainingTimes(metrics, training.batch)]),
    },
    {
      title: 'Configuration',
      text: 'As in run/run.json.',
      html: table(settingsRows({ model, training, data, versions }), 'settings'),
    },
  ];
}
