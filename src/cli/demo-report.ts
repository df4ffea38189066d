import type { BayesEstimator } from '../density/index.ts';
import { nearestExamples } from '../evaluate/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import { filmstrips, type Raster } from '../sample/index.ts';
import { type Dataset, type Metrics, pick, type RunRecord, readAllScaled } from '../train/index.ts';
import { formatDuration } from './output.ts';
import { imageTag, renderPage, type Section, settingsRows, strip, table } from './report/page.ts';
import { trainingSection, trainingTimes } from './report/training-section.ts';
import { scaleOf } from './sample.ts';
import type { Draws } from './sample-files.ts';

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

/** Three rows: a digit of each class, the same with noise σ̃, and what the denoiser makes of it. */
export async function denoisingStrip(
  { sigma = 0, denoise }: BayesEstimator,
  dataset: Dataset,
  seed: number,
): Promise<Raster> {
  const shown = (dataset.classes ?? []).map((_, label) => dataset.labels!.indexOf(label));
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

export function demoPage(parts: DemoParts): string {
  const { record, draws, dataset } = parts;
  const { sigma, measurements } = record.model;
  return renderPage({
    title: 'mdensity demo: digits from a smoothed density',
    subtitle: `GPS(${measurements}, ${sigma}) learned on ${dataset.count} MNIST digits, walked by ${draws.chains} chains of ${draws.steps.at(-1)} Langevin steps, each jumping to x̂ = ν(ȳ).`,
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
  const last = draws.xhat.at(-1)!;
  const nearest = nearestExamples(last, readAllScaled(dataset), last.length / draws.chains);
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

const chainsSection = ({ chains, noisyChains, draws }: DemoParts): Section => ({
  title: 'Single chains',
  text: `Each row is one chain from its start, a jump every ${draws.steps[0]} steps: first x̂, then the noisy ȳ that was walked.`,
  html: [
    strip(imageTag(chains, 'Jumps of single chains'), 'Jumps of single chains'),
    strip(imageTag(noisyChains, 'The walked noisy images'), 'The walked noisy images'),
  ].join('\n'),
});

const denoisingSection = ({ denoising }: DemoParts): Section => ({
  title: 'What the denoiser does',
  text: 'Real digits, the same with noise ȳ = x + σ̃ε, and ν(ȳ).',
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
