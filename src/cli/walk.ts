import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { writeNpy } from '../data/index.ts';
import { type ExactDensity, effectiveNoise } from '../density/index.ts';
import { UserError } from '../errors.ts';
import type { ChainDraws } from '../evaluate/index.ts';
import { writeBytes } from '../files.ts';
import { didYouMean } from '../nearest.ts';
import { type CountKernelName, countKernels, type KernelName, kernels } from '../sample/index.ts';
import { densityHelp, loadDensity } from './density-file.ts';
import { interruptible } from './interrupt.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput, type Output } from './output.ts';
import { type Draw, gaussianDraws, poissonDraws } from './walk-draws.ts';
import { drawWalk } from './walk-picture.ts';
import { summarizeWalk, type WalkSummary } from './walk-summary.ts';

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
    description: 'walk ȳ alone; residuals are drawn exactly',
    schema: z.boolean().default(false),
  },
  stepSize: {
    flags: '--step-size <δ>',
    description: 'in units of σ; Poisson: in lifetimes of a count',
    schema: z.number().positive().default(0.5),
  },
  friction: {
    flags: '--friction <γδ>',
    description: 'effective friction of one step',
    schema: z.number().positive().default(0.5),
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
    description: 'steps before the first draw',
    schema: whole(0).default(200),
  },
  thin: { flags: '--thin <n>', description: 'steps between draws', schema: whole(1).default(5) },
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

type Options = OptionValues<typeof walkOptions>;

const examples = `
Examples:
  mdensity walk --density eight-gaussians --sigma 0.5 --out walk/
  mdensity walk --density mixture.json --sigma 1 --measurements 4 --kernel malt --out walk/
  mdensity walk --density two-moons --sigma 0.4 --measurements 64 --mean-walk --out walk/`;

export function walkCommand(parent: Command): void {
  const command = addOptions(
    parent
      .command('walk')
      .description('walk a density that is known exactly, and read how it went'),
    walkOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const options = await readOptions(walkOptions, command);
    const density = await loadDensity(options.density);
    const draws: Draw[] = [];
    // Whatever stops the walk, what was drawn before is kept.
    const failure = await collect(density, options, output, draws).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (draws.length === 0) throw failure ?? new UserError('--thin: no draw falls within --steps');
    const { files, summary } = await save(density, options, draws);
    if (failure instanceof UserError) {
      throw new UserError(
        `${failure.message}; ${draws.length} draws before it are in ${options.out}`,
      );
    }
    if (failure) throw failure;
    output.result({ files, draws: draws.length, ...summary }, textOf(files, summary));
  });
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
            sigmaOf(options),
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

function sigmaOf({ sigma }: Options): number {
  if (sigma !== undefined) return sigma;
  throw new UserError(
    '--sigma: is missing; give the noise of one measurement, such as --sigma 0.5',
  );
}

async function save(density: ExactDensity, options: Options, draws: readonly Draw[]) {
  const { chains, measurements, out } = options;
  const d = density.dimension;
  const ybar = byChain(
    draws.map((draw) => draw.ybar),
    chains,
    d,
  );
  const xhat = byChain(
    draws.map((draw) => draw.xhat),
    chains,
    d,
  );
  const effectiveSigma =
    options.sigma === undefined ? 0 : effectiveNoise(options.sigma, measurements);
  const acceptance = draws.flatMap((draw) => draw.acceptance ?? []);
  const summary = summarizeWalk(density, effectiveSigma, ybar, xhat, acceptance);
  const files = [join(out, 'ybar.npy'), join(out, 'xhat.npy')];
  await writeNpy(files[0]!, ybar.data as Float32Array, ybar.shape);
  await writeNpy(files[1]!, xhat.data as Float32Array, xhat.shape);
  if (options.saveY) {
    const width = draws[0]!.y().length / (chains * d);
    const y = byChain(
      draws.map((draw) => draw.y()),
      chains,
      width * d,
    );
    files.push(join(out, 'y.npy'));
    await writeNpy(files[2]!, y.data as Float32Array, [chains, draws.length, width, d]);
  }
  const write = async (name: string, text: string) => {
    files.push(join(out, name));
    await writeBytes(files.at(-1)!, new TextEncoder().encode(text));
  };
  await write('walk.json', `${JSON.stringify({ options, ...summary }, null, 2)}\n`);
  if (d === 2 && density.type !== 'poisson')
    await write('walk.svg', drawWalk(density.smooth(effectiveSigma), ybar, xhat));
  return { files, summary };
}

/** [draws][chains, width] → [chains, draws, width]. */
function byChain(frames: readonly Float32Array[], chains: number, width: number): ChainDraws {
  const data = new Float32Array(frames.length * chains * width);
  frames.forEach((frame, draw) => {
    for (let chain = 0; chain < chains; chain++) {
      data.set(
        frame.subarray(chain * width, (chain + 1) * width),
        (chain * frames.length + draw) * width,
      );
    }
  });
  return { data, shape: [chains, frames.length, width] };
}

function textOf(files: readonly string[], summary: WalkSummary | undefined): string {
  const wrote = `wrote ${files.join(', ')}`;
  if (summary === undefined) return `${wrote}\ntoo few draws for diagnostics; give more --steps`;
  const list = (values: readonly number[]) =>
    values
      .slice(0, 6)
      .map((v) => v.toPrecision(4))
      .join(', ');
  const rows: [string, string | undefined][] = [
    ['mean of ȳ', `${list(summary.ybar.mean)} ± ${list(summary.ybar.meanError)}`],
    ['mean of x̂', `${list(summary.xhat.mean)} ± ${list(summary.xhat.meanError)}`],
    ['covariance of ȳ', list(summary.ybar.covariance)],
    ['effective samples', list(summary.effectiveSampleSize)],
    ['R̂', list(summary.rHat)],
    ['acceptance', summary.acceptance?.toPrecision(4)],
    ['sliced W2 to exact', summary.slicedWasserstein?.distance.toPrecision(4)],
    ['mode switches', summary.modes?.switches.toString()],
  ];
  const lines = rows.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name.padEnd(20)}${value}`],
  );
  return [...lines, wrote].join('\n');
}
