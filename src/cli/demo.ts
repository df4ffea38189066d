import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { loadDataset } from '../data/index.ts';
import { UserError } from '../errors.ts';
import { writeBytes } from '../files.ts';
import { encodePng } from '../sample/index.ts';
import { hasRun, modelPath, type RunRecord, readMetrics, readRecord } from '../train/index.ts';
import { type DemoParts, demoPage, denoisingStrip } from './demo-report.ts';
import { loadModel } from './model-file.ts';
import {
  addOptions,
  defaultOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput, type Output, shellWord } from './output.ts';
import { stripsPicture } from './pictures.ts';
import { type SampleOptions, sampleOptions, walk } from './sample.ts';
import { gridOf } from './sample-files.ts';
import { checkFinished, resumeTraining, train } from './train.ts';
import { type TrainOptions, trainOptions } from './train-options.ts';

const demoOptions = defineOptions({
  out: {
    flags: '--out <dir>',
    description: 'where everything goes',
    schema: z.string().default('out/demo'),
  },
  steps: {
    flags: '--steps <n>',
    description: 'training steps',
    schema: z.int().min(1).default(1800),
  },
  chains: {
    flags: '--chains <n>',
    description: 'chains to walk',
    schema: z.int().min(1).default(100),
  },
  walkSteps: {
    flags: '--walk-steps <n>',
    description: 'steps of each chain',
    schema: z.int().min(1).default(600),
  },
  seed: {
    flags: '--seed <n>',
    description: 'decides every random number',
    schema: z.int().min(0).default(0),
  },
});

type DemoOptions = OptionValues<typeof demoOptions>;

const examples = `
Examples:
  mdensity demo
  mdensity demo --seed 1 --out out/another
  mdensity demo --steps 200 --walk-steps 100 --out out/quick`;

export function demoCommand(parent: Command): void {
  const command = addOptions(
    parent
      .command('demo')
      .description('learn GPS(1, 1/2) on 10,000 digits, walk, jump, and report, in minutes'),
    demoOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const options = await readOptions(demoOptions, command);
    const files = await demo(options, output);
    output.result({ files }, `open ${files[0]}`);
  });
}

/** Trains (or goes on, or finds the finished run), walks, draws and writes the report. */
async function demo(options: DemoOptions, output: Output): Promise<string[]> {
  const clock = startClock();
  const run = join(options.out, 'run');
  const dataset = await loadDataset('mnist');
  await trainDemo(options, run, output);
  clock.lap('training');
  const model = await loadModel(modelPath(run), { device: 'cpu' });
  const draws = await walk(model, walkOptions(options), output);
  clock.lap('walk and jumps');
  const samples = await encodePng(gridOf(draws));
  const chains = await encodePng(stripsPicture(draws.xhat, draws.shape));
  const noisyChains = await encodePng(stripsPicture(draws.ybar, draws.shape));
  const denoising = await encodePng(await denoisingStrip(model, dataset, options.seed));
  await model.release();
  clock.lap('pictures');
  const record = await readRecord(run);
  const metrics = await readMetrics(run);
  const parts: DemoParts = {
    record,
    metrics,
    draws,
    dataset,
    samples,
    chains,
    noisyChains,
    denoising,
    laps: clock.laps,
  };
  const page = demoPage(parts);
  const write = async (name: string, bytes: Uint8Array) => {
    const path = join(options.out, name);
    await writeBytes(path, bytes);
    return path;
  };
  return [
    await write('report.html', new TextEncoder().encode(page)),
    await write('samples.png', samples),
    await write('chains.png', chains),
  ];
}

async function trainDemo(options: DemoOptions, run: string, output: Output): Promise<void> {
  const { steps, seed } = options;
  const resume = await hasRun(run);
  if (resume) checkSame(await readRecord(run), options, run);
  const defaults = defaultOptions(trainOptions) as TrainOptions;
  const settings = {
    ...{ ...defaults, out: run, net: 'digits', data: 'mnist', sigma: 0.5, steps, seed },
    validation: 0,
  };
  const work = resume ? resumeTraining(run, {}, output) : train(settings, output);
  checkFinished(await work, commandOf(options));
}

/** The command that these options are of. */
function commandOf(options: DemoOptions): string {
  const defaults = defaultOptions(demoOptions);
  const keys = Object.keys(demoOptions) as (keyof DemoOptions)[];
  const given = keys.filter((key) => options[key] !== defaults[key]);
  const words = given.map(
    (key) => `${demoOptions[key].flags.split(' ')[0]} ${shellWord(String(options[key]))}`,
  );
  return ['mdensity demo', ...words].join(' ');
}

/** A run of other settings is neither continued nor overwritten. */
function checkSame({ training }: RunRecord, { steps, seed, out }: DemoOptions, run: string): void {
  if (training.steps === steps && training.seed === seed) return;
  throw new UserError(
    `${run}: was made with --steps ${training.steps} --seed ${training.seed}; give the same, another --out, or remove ${out}`,
  );
}

function walkOptions({ chains, walkSteps, seed }: DemoOptions) {
  const defaults = defaultOptions(sampleOptions) as SampleOptions;
  return {
    ...defaults,
    chains,
    steps: walkSteps,
    seed,
    jumpEvery: Math.max(1, Math.floor(walkSteps / 24)),
  };
}

interface Lap {
  readonly name: string;
  readonly seconds: number;
}

function startClock(): { lap(name: string): void; readonly laps: readonly Lap[] } {
  const laps: Lap[] = [];
  let last = performance.now();
  return {
    laps,
    lap: (name) => {
      const now = performance.now();
      laps.push({ name, seconds: (now - last) / 1000 });
      last = now;
    },
  };
}
