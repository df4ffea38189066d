import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import type { SampledFeatures } from '../evaluate/index.ts';
import { readBytes, writeBytes } from '../files.ts';
import { encodePng, filmstrips, type Raster, tileImages } from '../sample/index.ts';
import { type Dataset, hasRun, pick, readAllScaled, readRecord } from '../train/index.ts';
import { datasetOptions, givenDatasetOptions } from './dataset-options.ts';
import { createReferences, type References } from './evaluation/distances.ts';
import {
  checkSamples,
  describeFindings,
  type Findings,
  type Measured,
  measure,
  metricNames,
} from './evaluation/evaluation.ts';
import {
  featureNames,
  featuresFor,
  type OpenedFeatures,
  openFeatures,
} from './evaluation/feature-networks.ts';
import { fetchInception } from './evaluation/inception-file.ts';
import { referenceFeatures } from './evaluation/reference.ts';
import { readSamples } from './evaluation/sample-file.ts';
import { drawSamples } from './evaluation/sampling.ts';
import { loadShown } from './load-progress.ts';
import { findModel, loadModel, locateModel } from './model-file.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput, type Output } from './output.ts';
import { sampleOptions, scaleOf } from './sample.ts';
import { versions } from './versions.ts';

const whole = (least: number) => z.int().min(least);
const { measurements, kernel, stepSize, friction, seed, device } = sampleOptions;

const evaluateOptions = defineOptions({
  model: { ...sampleOptions.model, schema: z.string().optional() },
  samples: {
    flags: '--samples <file.npy>',
    description: 'measure these images, [n, ...] or [chains, draws, ...], in place of a model’s',
    schema: z.string().optional(),
  },
  data: {
    flags: '--data <set>',
    description: 'what to compare with; default: what the model was trained on',
    schema: z.string().optional(),
  },
  metrics: {
    flags: '--metrics <names>',
    description: `of ${metricNames.join(', ')}, separated by commas`,
    schema: z
      .union([z.array(z.string()), z.string().transform((text) => text.split(','))])
      .pipe(z.array(z.enum(metricNames)))
      .default([...metricNames]),
  },
  features: {
    flags: '--features <name>',
    description: `network whose features are compared: ${featureNames.join(', ')}; default: the data’s own`,
    schema: z.enum(featureNames).optional(),
  },
  inception: {
    flags: '--inception <file.pth>',
    description: 'weights of the Inception network, where they were not fetched',
    schema: z.string().optional(),
  },
  fetchInception: {
    flags: '--fetch-inception',
    description: 'download those weights (96 MB) first, and measure with them',
    schema: z.boolean().default(false),
  },
  sigma: sampleOptions.sigma,
  measurements,
  kernel,
  chains: {
    flags: '--chains <n>',
    description: 'chains, walked side by side',
    schema: whole(1).default(100),
  },
  draws: {
    flags: '--draws <n>',
    description: 'jumps of each chain: chains × draws samples',
    schema: whole(1).default(20),
  },
  jumpEvery: {
    flags: '--jump-every <n>',
    description: 'steps between jumps',
    schema: whole(1).default(10),
  },
  burnIn: {
    flags: '--burn-in <n>',
    description: 'steps before the first',
    schema: whole(0).default(100),
  },
  ...{ stepSize, friction, seed },
  ...datasetOptions,
  device,
  out: {
    flags: '--out <dir>',
    description: 'where results go (default: <run>/evaluation, or evaluation/<name>)',
    schema: z.string().optional(),
  },
});

type Options = OptionValues<typeof evaluateOptions>;

const examples = `
Examples:
  mdensity evaluate --model mnist --data mnist
  mdensity evaluate --model runs/digits --metrics fd,chains --draws 100 --json
  mdensity evaluate --model runs/cifar10 --data path/to/cifar-10-batches-py --fetch-inception --chains 125 --draws 400
  mdensity evaluate --samples samples.npy --data fashion-mnist --metrics fd,kid,pr`;

export function evaluateCommand(parent: Command): void {
  const command = addOptions(
    parent
      .command('evaluate')
      .description('measure samples against data: distances, copies, and how chains mix'),
    evaluateOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const options = await readOptions(evaluateOptions, command);
    if ((options.model === undefined) === (options.samples === undefined)) {
      throw new UserError('--model or --samples: give one of the two, what is to be measured');
    }
    const { result, lines } = await evaluate(options, output);
    output.result(result, lines.join('\n'));
  });
}

async function evaluate(options: Options, output: Output) {
  const started = performance.now();
  const folder = outFolder(options);
  if (options.fetchInception) await fetchInception(output);
  const dataset = await loadReference(options, output);
  const name = options.features ?? (options.fetchInception ? 'inception' : featuresFor(dataset));
  const network = await openFeatures(name, dataset.shape, { inception: options.inception });
  const measured = await sampled(options, { dataset, network, folder }, output);
  const drawn = performance.now();
  let references: Promise<References> | undefined;
  const findings = await measure({
    ...{ measured, network, dataset, metrics: metricsOf(options) },
    references: () => {
      references ??= referenceFeatures(dataset, network, output).then(({ features }) =>
        createReferences(features, network.dimension),
      );
      return references;
    },
    onStage: (metric) => output.log(`measuring ${metric}`),
  });
  await network.release();
  const seconds = {
    sampling: (drawn - started) / 1000,
    metrics: (performance.now() - drawn) / 1000,
  };
  const result = {
    ...describe(options, dataset, network, measured),
    ...{ findings, seconds, versions: versions() },
  };
  const files = await save(folder, result, { dataset, measured, findings });
  const lines = [...describeFindings(findings), `wrote ${files.join(', ')}`];
  return { result: { ...result, files }, lines };
}

/** Chains of samples from a file are known only where it has an axis of draws. */
const metricsOf = ({ metrics }: Options) => [...new Set(metrics)];

function describe(
  options: Options,
  { name, count, hash, shape }: Dataset,
  network: OpenedFeatures,
  { features }: Measured,
) {
  const [chains, draws, dimension] = features.shape;
  const { model, samples: file, measurements: m, kernel: walked } = options;
  const { stepSize: step, friction: damping, jumpEvery, burnIn, seed: number } = options;
  const walk = { measurements: m, kernel: walked, stepSize: step, friction: damping };
  return {
    ...(model !== undefined && {
      model,
      walk: { ...walk, jumpEvery, burnIn, seed: number },
    }),
    ...(file !== undefined && { file }),
    samples: chains * draws,
    ...{ chains, draws, shape },
    data: { name, count, hash },
    features: { name: network.name, dimension, id: network.id },
  };
}

/** The data to compare with: what was named, or what the model's run was trained on. */
async function loadReference(options: Options, output: Output): Promise<Dataset> {
  const own = givenDatasetOptions(options);
  if (options.data !== undefined) return loadShown(options.data, own, output);
  const place = options.model === undefined ? undefined : locateModel(options.model);
  if (place === undefined || !isFolder(place) || !(await hasRun(place))) {
    throw new UserError('--data: is missing; give what to compare with, such as --data mnist');
  }
  const { source, options: recorded } = (await readRecord(place)).data;
  return loadShown(source, { ...recorded, ...own }, output);
}

const isFolder = (path: string) => existsSync(path) && statSync(path).isDirectory();

function outFolder({ out, model, samples }: Options): string {
  if (out !== undefined) return out;
  if (samples !== undefined) return join('evaluation', basename(samples, '.npy'));
  const place = locateModel(model!);
  // What comes with the package is not written to.
  if (place === model || place.startsWith('runs')) {
    return join(isFolder(place) ? place : dirname(place), 'evaluation');
  }
  return join('evaluation', basename(place, '.onnx'));
}

interface Setting {
  readonly dataset: Dataset;
  readonly network: OpenedFeatures;
  readonly folder: string;
}

async function sampled(
  options: Options,
  { dataset, network, folder }: Setting,
  output: Output,
): Promise<Measured & Partial<Pick<SampledFeatures, 'frames'>>> {
  const { chains, draws } = options;
  if (options.samples !== undefined) return readSamples(options.samples, dataset, network, output);
  checkSamples(options.metrics, { chains, draws }, network);
  const path = findModel(options.model!);
  const { sigma } = options;
  const denoiser = await loadModel(options.model!, {
    device: options.device,
    ...(sigma !== undefined && { sigma: sigma / Math.sqrt(options.measurements ?? 1) }),
  });
  if (denoiser.shape.join() !== dataset.shape.join()) {
    throw new UserError(
      `--data: ${dataset.name} has images [${dataset.shape.join(', ')}], the model makes [${denoiser.shape.join(', ')}]; give the data it was trained on`,
    );
  }
  const m = options.measurements ?? denoiser.config?.measurements ?? 1;
  const { kernel: name, stepSize: step, friction: damping, jumpEvery, burnIn, seed: n } = options;
  const hash = createHash('sha256')
    .update(await readBytes(path))
    .digest('hex');
  try {
    return await drawSamples(
      {
        ...{ denoiser, network, draws, folder, identity: [hash, network.id] },
        walk: {
          ...{ measurements: m, kernel: name, stepSize: step, friction: damping },
          ...{ jumpEvery, burnIn, seed: n, chains },
        },
      },
      output,
    );
  } finally {
    await denoiser.release();
  }
}

interface Pictured {
  readonly dataset: Dataset;
  readonly measured: Measured & Partial<Pick<SampledFeatures, 'frames'>>;
  readonly findings: Findings;
}

/** Writes `evaluation.json` and the pictures; their paths. */
async function save(folder: string, result: object, pictured: Pictured): Promise<string[]> {
  const files: string[] = [];
  const write = async (name: string, bytes: Uint8Array) => {
    files.push(join(folder, name));
    await writeBytes(files.at(-1)!, bytes);
  };
  await write('evaluation.json', new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`));
  for (const [name, picture] of picturesOf(pictured)) await write(name, await encodePng(picture));
  return files;
}

/** Pairs of a sample and the training image nearest to it. */
const PAIRS = 24;
const STRIPS = { chains: 8, frames: 24 } as const;

function picturesOf({ dataset, measured, findings }: Pictured): (readonly [string, Raster])[] {
  const { shape } = dataset;
  if (shape.length !== 3) return [];
  const layout = { scale: scaleOf(shape) };
  const { last, frames = [] } = measured;
  const pictures: (readonly [string, Raster])[] = [
    [
      'samples.png',
      tileImages(last.subarray(0, 400 * shape.reduce((a, b) => a * b)), shape, layout),
    ],
  ];
  if (frames.length > 1) {
    const count = Math.min(STRIPS.frames, frames.length);
    const shown = Array.from(
      { length: count },
      (_, i) => frames[Math.floor(((i + 1) * frames.length) / count) - 1]!,
    );
    pictures.push(['chains.png', filmstrips(shown, shape, layout)]);
  }
  const nearest = findings.memorisation?.nearest.slice(0, PAIRS);
  if (nearest) {
    const training = readAllScaled(pick(dataset, nearest));
    const size = training.length / nearest.length;
    const pairs = nearest.map((_, i) => {
      const pair = new Float32Array(2 * size);
      pair.set(last.subarray(i * size, (i + 1) * size));
      pair.set(training.subarray(i * size, (i + 1) * size), size);
      return pair;
    });
    pictures.push(['nearest.png', filmstrips(pairs, shape, layout)]);
  }
  return pictures;
}
