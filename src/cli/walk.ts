import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { writeNpy } from '../data/node/index.ts';
import { type Density, type ExactDensity, effectiveNoise, exactFamily } from '../density/index.ts';
import { reworded, UserError } from '../errors.ts';
import type { ChainDraws } from '../evaluate/index.ts';
import { summarizeWalk } from '../evaluate/walk-summary.ts';
import { checkFolder, writeBytes } from '../files.ts';
import { didYouMean } from '../nearest.ts';
import type { Work } from '../progress.ts';
import { drawWalk } from '../report/walk-picture.ts';
import { densityHelp, loadDensity } from '../run/density-file.ts';
import {
  byChain,
  type CountKernelName,
  checkWalkMemory,
  countKernels,
  type KernelName,
  kernels,
  type Member,
  numbersOf,
  sequentialMember,
} from '../sample/index.ts';
import { type Draw, gaussianDraws, poissonDraws } from '../sample/walk-draws.ts';
import { walkKindOptions } from '../sampling/walk-kind-options.ts';
import { interruptible } from './interrupt.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput, type Output } from './output.ts';
import { walkText } from './walk-text.ts';
import { watch } from './watch.ts';

const kernelNames = [...Object.keys(kernels), ...Object.keys(countKernels)];
const whole = (least: number) => z.int().min(least);

const walkOptions = defineOptions({
  density: { flags: '--density <file.json|name>', description: densityHelp, schema: z.string() },
  sigma: {
    flags: '--sigma <σ>',
    description: 'noise of one measurement; not for Poisson',
    schema: z.number().positive().optional(),
  },
  measurements: {
    flags: '--measurements <M>',
    description: 'measurements',
    schema: whole(1).default(1),
  },
  kernel: {
    flags: '--kernel <name>',
    description: kernelNames.join(', '),
    schema: z.string().optional(),
  },
  meanWalk: {
    flags: '--mean-walk',
    description: 'as --walk mean; residuals are drawn exactly',
    schema: z.boolean().default(false),
  },
  ...walkKindOptions,
  stepSize: {
    flags: '--step-size <δ>',
    description: 'in units of σ; Poisson: in lifetimes of a count (default 0.5; sequential 0.7)',
    schema: z.number().positive().optional(),
  },
  friction: {
    flags: '--friction <γδ>',
    description: 'effective friction of one step (default 0.5; sequential 0.25)',
    schema: z.number().positive().optional(),
  },
  inverseMass: {
    flags: '--inverse-mass <u>',
    description: 'variance of a velocity; not for Poisson',
    schema: z.number().positive().default(1),
  },
  chains: {
    flags: '--chains <n>',
    description: 'chains, walked side by side',
    schema: whole(1).default(16),
  },
  steps: {
    flags: '--steps <n>',
    description: 'steps after the burn-in',
    schema: whole(1).default(2000),
  },
  burnIn: {
    flags: '--burn-in <n>',
    description: 'steps before the first draw (default 200; sequential 0)',
    schema: whole(0).optional(),
  },
  thin: {
    flags: '--thin <n>',
    description: 'steps between draws (default 5; sequential 40)',
    schema: whole(1).optional(),
  },
  seed: {
    flags: '--seed <n>',
    description: 'decides every random number',
    schema: whole(0).default(0),
  },
  saveY: {
    flags: '--save-y',
    description: 'write y.npy, [chains, draws, M, d]',
    schema: z.boolean().default(false),
  },
  out: { flags: '--out <dir>', description: 'arrays, moments and a figure', schema: z.string() },
});

/** Options with the numbers of their kind of walk. */
type Options = ReturnType<typeof withNumbers>;

function withNumbers(given: OptionValues<typeof walkOptions>) {
  const walk = given.walk ?? (given.meanWalk ? ('mean' as const) : ('joint' as const));
  const usual = { stepSize: 0.5, friction: 0.5, jumpEvery: 5, burnIn: 200 };
  const { jumpEvery, ...numbers } = numbersOf(walk, usual);
  return {
    ...given,
    walk,
    stepSize: given.stepSize ?? numbers.stepSize,
    friction: given.friction ?? numbers.friction,
    burnIn: given.burnIn ?? (given.runningStart ? usual.burnIn : numbers.burnIn),
    thin: given.thin ?? jumpEvery,
  };
}

const examples = `
Examples:
  mdensity walk --density eight-gaussians --sigma 0.5 --out walk/
  mdensity walk --density mixture.json --sigma 1 --measurements 4 --kernel malt --out walk/
  mdensity walk --density two-moons --sigma 0.4 --measurements 64 --walk mean --out walk/
  mdensity walk --density eight-gaussians --effective-sigma 0.5 --walk sequential --out walk/

Densities as JSON, for x of d numbers; docs/how-to/densities.md has an example of each:
  {"type": "gaussian", "mean": [d], "covariance": [d, d]}
  {"type": "mixture", "weights": [K], "means": [K, d], "covariances": [K, d, d]}
  {"type": "empirical", "points": [n, d] or "file.npy"}
  {"type": "poisson", "weights": [K], "intensities": [K, d], "rate": λ}`;

/** Adds the command `mdensity walk`. */
export function walkCommand(parent: Command): void {
  const command = addOptions(
    parent
      .command('walk')
      .description('walk a density that is known exactly, and read how it went'),
    walkOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const options = withNumbers(await readOptions(walkOptions, command));
    checkDraws(options);
    const density = await loadDensity(options.density);
    await checkFolder(options.out);
    checkWalkMemory({
      chains: options.chains,
      measurements:
        options.walk === 'joint' && density.type !== 'poisson' ? options.measurements : 1,
      dimension: density.dimension,
      draws: Math.floor(options.steps / options.thin),
      keptMeasurements: options.saveY && density.type !== 'poisson' ? options.measurements : 0,
    });
    const draws: Draw[] = [];
    // Whatever stops the walk, what was drawn before is kept.
    const failure = await collect(density, options, output, draws).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (draws.length === 0) throw failure;
    const walked = await saveDraws(density, options, draws);
    if (failure) throw withKept(failure, options, draws.length);
    const found = await watch(output, (work) => describe(density, options, walked, work)).catch(
      (error: unknown) => {
        throw withKept(error, options, draws.length);
      },
    );
    const { files, summary } = found;
    output.result({ files, draws: draws.length, ...summary }, walkText(files, summary));
  });
}

/** @throws UserError where no draw would fall within the steps. */
function checkDraws({ thin, steps }: Options): void {
  if (thin <= steps) return;
  throw new UserError(
    `--thin ${thin}: no draw would fall within --steps ${steps}; give at most ${steps}, or more steps`,
    { facts: { option: 'thin', value: thin, most: steps } },
  );
}

/** Says of what went wrong after some draws that they are kept. */
function withKept(error: unknown, { out }: Options, draws: number): unknown {
  if (!(error instanceof UserError)) return error;
  return reworded(error, `${error.message}; ${draws} draws before it are in ${out}`);
}

async function collect(
  density: ExactDensity,
  options: Options,
  output: Output,
  draws: Draw[],
): Promise<void> {
  const total = options.burnIn + options.steps;
  const bar = output.progress('walking', total);
  const start = performance.now();
  const onProgress = ({ step }: { readonly step: number }) => {
    const rate = step / ((performance.now() - start) / 1000);
    const note = `${Math.round(rate * options.chains)} updates/s`;
    bar.update(step, { secondsLeft: (total - step) / rate, note });
  };
  await interruptible(async (signal) => {
    const walk = { ...options, signal, onProgress };
    const source =
      density.type === 'poisson'
        ? poissonDraws(density, kernelOf(options.kernel ?? 'birth-death', countKernels), walk)
        : gaussianDraws(
            density,
            memberFor(density, options),
            kernelOf(options.kernel ?? 'sachs', kernels),
            walk,
          );
    for await (const draw of source) {
      // y is the walk's own memory until the next step.
      const y = options.saveY ? draw.y() : undefined;
      draws.push(y ? { ...draw, y: () => y } : draw);
    }
  }).finally(() => bar.stop());
}

function kernelOf<K extends KernelName | CountKernelName>(
  name: string,
  among: Readonly<Record<K, unknown>>,
): K {
  if (Object.hasOwn(among, name)) return name as K;
  const names = Object.keys(among);
  const problem = kernelNames.includes(name)
    ? ' walks another kind of measurement.'
    : ` is not known.${didYouMean(name, names)}`;
  throw new UserError(`--kernel ${name}:${problem} There are: ${names.join(', ')}`);
}

/** The member that is walked: as said, or chosen by a sequential walk. */
function memberFor(density: Density, options: Options): Member {
  const { sigma, effectiveSigma, measurements } = options;
  if (sigma !== undefined) {
    return { sigma, measurements, effectiveSigma: effectiveNoise(sigma, measurements) };
  }
  if (effectiveSigma !== undefined) {
    return options.walk === 'sequential'
      ? sequentialMember(exactFamily(density), { effectiveSigma })
      : { sigma: effectiveSigma * Math.sqrt(measurements), measurements, effectiveSigma };
  }
  throw new UserError(
    '--sigma: is missing; give the noise of one measurement, such as --sigma 0.5',
  );
}

/** Draws on the disk, and what diagnostics are made from. */
interface Walked {
  readonly files: readonly string[];
  readonly ybar: ChainDraws;
  readonly xhat: ChainDraws;
  readonly acceptance: readonly Float64Array[];
}

async function saveDraws(
  { dimension }: ExactDensity,
  { chains, out, saveY }: Options,
  draws: readonly Draw[],
): Promise<Walked> {
  const framed = (of: (draw: Draw) => Float32Array) => drawsOf(draws.map(of), chains);
  const ybar = framed((draw) => draw.ybar);
  const xhat = framed((draw) => draw.xhat);
  const files = [join(out, 'ybar.npy'), join(out, 'xhat.npy')];
  await writeNpy(files[0]!, ybar.data as Float32Array, ybar.shape);
  await writeNpy(files[1]!, xhat.data as Float32Array, xhat.shape);
  if (saveY) {
    const width = draws[0]!.y().length / (chains * dimension);
    const y = framed((draw) => draw.y());
    files.push(join(out, 'y.npy'));
    await writeNpy(files[2]!, y.data as Float32Array, [chains, draws.length, width, dimension]);
  }
  return { files, ybar, xhat, acceptance: draws.flatMap((draw) => draw.acceptance ?? []) };
}

/** Writes what the draws say, and a figure in two dimensions. */
async function describe(
  density: ExactDensity,
  options: Options,
  { ybar, xhat, acceptance, files: before }: Walked,
  work: Work,
) {
  const member = density.type === 'poisson' ? undefined : memberFor(density, options);
  const effectiveSigma = member?.effectiveSigma ?? 0;
  const summary = await summarizeWalk({ density, effectiveSigma, ybar, xhat, acceptance }, work);
  const files = [...before];
  const write = async (name: string, text: string) => {
    files.push(join(options.out, name));
    await writeBytes(files.at(-1)!, new TextEncoder().encode(text));
  };
  const found = { options: { ...options, ...member }, ...summary };
  await write('walk.json', `${JSON.stringify(found, null, 2)}\n`);
  if (density.dimension === 2 && density.type !== 'poisson')
    await write('walk.svg', drawWalk(density.smooth(effectiveSigma), ybar, xhat));
  return { files, summary };
}

/** [draws][chains, width] → [chains, draws, width]. */
function drawsOf(frames: readonly Float32Array[], chains: number): ChainDraws {
  const data = byChain(frames, chains);
  return { data, shape: [chains, frames.length, data.length / (chains * frames.length)] };
}
