import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import type { Dataset } from '../data/index.ts';
import { loadDataset } from '../data/node/index.ts';
import { UserError } from '../errors.ts';
import { writeBytes } from '../files.ts';
import type { DenoiserFile } from '../model/index.ts';
import { type DemoParts, demoPage, denoisingStrip } from '../report/demo.ts';
import { hasRun, modelPath, type RunRecord, readMetrics, readRecord } from '../run/index.ts';
import { loadModel } from '../run/model-file.ts';
import { drawJumps, encodePng, framesOf, stripsPicture } from '../sample/index.ts';
import { gridOf } from '../sample/node/draws-files.ts';
import { walkOf } from '../sampling/walk.ts';
import { shellWord } from '../text.ts';
import {
  addOptions,
  defaultOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput, type Output } from './output.ts';
import { type SampleOptions, sampleOptions } from './sample.ts';
import { checkFinished, resumeTraining, train } from './train.ts';
import { type TrainOptions, trainOptions } from './train-options.ts';
import { watch } from './watch.ts';

/** Steps of the first measurement of a digit. */
const JUMP_EVERY = 40;

const demoOptions = defineOptions({
  out: {
    flags: '--out <dir>',
    description: 'where everything goes',
    schema: z.string().default('out/demo'),
  },
  steps: {
    flags: '--steps <n>',
    description: 'training steps',
    schema: z.int().min(1).default(800),
  },
  chains: {
    flags: '--chains <n>',
    description: 'chains to walk, each of the next digit',
    schema: z.int().min(1).default(100),
  },
  walkSteps: {
    flags: '--walk-steps <n>',
    description: `steps of each chain, a digit every ${JUMP_EVERY}`,
    schema: z
      .int()
      .min(1)
      .default(8 * JUMP_EVERY),
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

/** Adds the command `mdensity demo`. */
export function demoCommand(parent: Command): void {
  const command = addOptions(
    parent
      .command('demo')
      .description(
        'learn 10,000 digits at every noise level, walk, jump, and report, in a minute or two',
      ),
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
  const condition = classesOf(dataset, options.chains);
  const model = await loadModel(modelPath(run), { device: 'cpu', condition });
  if (model.rate !== undefined) throw new Error('the demo learns under Gaussian noise');
  const { draws } = await watch(
    output,
    (work) => drawJumps(model, walkOptions(options, model), work),
    { after: 0 },
  );
  clock.lap('walk and jumps');
  const samples = await encodePng(gridOf(draws));
  const chains = await encodePng(
    stripsPicture(framesOf(draws.data, draws.shape), draws.shape.slice(2)),
  );
  const noisyChains = await encodePng(
    stripsPicture(framesOf(draws.ybar, draws.shape), draws.shape.slice(2)),
  );
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
    ...defaults,
    out: run,
    net: 'digits',
    data: 'mnist',
    sigmas: { from: 0.2, to: 1.6 },
    sigma: Math.SQRT2,
    measurements: 8,
    condition: 'class' as const,
    optimizer: 'muon' as const,
    learningRate: 4e-3,
    decayFrom: 0.3,
    ema: 0.99,
    steps,
    seed,
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

/** Each chain walks the next class. */
const classesOf = ({ classes = [] }: Dataset, chains: number) => ({
  class: Array.from({ length: chains }, (_, i) => i % classes.length),
});

function walkOptions({ chains, walkSteps, seed }: DemoOptions, model: DenoiserFile) {
  const { stepSize: _, friction: __, ...defaults } = defaultOptions(sampleOptions) as SampleOptions;
  const jumpEvery = Math.min(JUMP_EVERY, walkSteps);
  return walkOf({ ...defaults, chains, steps: walkSteps, seed, jumpEvery }, model);
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
