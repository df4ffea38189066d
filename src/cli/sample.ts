import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { encodeNpy } from '../data/index.ts';
import { effectiveNoise } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { writeBytes, writeError } from '../files.ts';
import type { DenoiserFile } from '../model/index.ts';
import {
  type CountKernelName,
  countKernels,
  encodePng,
  type KernelName,
  kernels,
  type Raster,
  walkJump,
} from '../sample/index.ts';
import { interruptible } from './interrupt.ts';
import { loadModel } from './model-file.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput, type Output } from './output.ts';
import { gridPicture, stripsPicture } from './pictures.ts';

export { scaleOf } from './pictures.ts';

const kernelNames = Object.keys({ ...kernels, ...countKernels }) as [KernelName | CountKernelName];

export const sampleOptions = defineOptions({
  model: {
    flags: '--model <run|name|file.onnx>',
    description: 'a run, a model in the box (see mdensity info), or an ONNX denoiser',
    schema: z.string(),
  },
  out: {
    flags: '--out <file.png|file.npy|dir>',
    description: 'a grid of samples, all samples [chains, draws, ...], or a folder with everything',
    schema: z.string(),
  },
  sigma: {
    flags: '--sigma <σ>',
    description: 'noise of one measurement, for a model that does not say its own',
    schema: z.number().positive().optional(),
  },
  measurements: {
    flags: '--measurements <M>',
    description:
      'walk the member (M, σ̃√M) of the model’s class, or (M, rate/M); default: as it was trained, or 1',
    schema: z.int().min(1).optional(),
  },
  kernel: {
    flags: '--kernel <name>',
    description: `${kernelNames.join(', ')} (default sachs; of counts: tau-leap)`,
    schema: z.enum(kernelNames).optional(),
  },
  chains: {
    flags: '--chains <n>',
    description: 'chains, walked side by side',
    schema: z.int().min(1).default(100),
  },
  steps: {
    flags: '--steps <n>',
    description: 'steps of each chain after the burn-in',
    schema: z.int().min(1).default(600),
  },
  burnIn: {
    flags: '--burn-in <n>',
    description: 'steps before the first jump',
    schema: z.int().min(0).default(0),
  },
  jumpEvery: {
    flags: '--jump-every <n>',
    description: 'steps between jumps',
    schema: z.int().min(1).default(20),
  },
  stepSize: {
    flags: '--step-size <δ>',
    description: 'in units of σ; of counts: in lifetimes of a count',
    schema: z.number().positive().default(0.5),
  },
  friction: {
    flags: '--friction <γδ>',
    description: 'effective friction of one step',
    schema: z.number().positive().default(0.5),
  },
  seed: {
    flags: '--seed <n>',
    description: 'decides every random number',
    schema: z.int().min(0).default(0),
  },
  device: {
    flags: '--device <device>',
    description: 'auto, cpu, webgpu, cuda',
    schema: z.enum(['auto', 'cpu', 'webgpu', 'cuda']).default('cpu'),
  },
});

export type SampleOptions = OptionValues<typeof sampleOptions>;

const examples = `
Examples:
  mdensity sample --model runs/digits --out samples.png
  mdensity sample --model runs/digits --measurements 4 --chains 16 --steps 2000 --out walk/
  mdensity sample --model denoiser.onnx --sigma 0.5 --out samples.npy`;

export function sampleCommand(parent: Command): void {
  const command = addOptions(
    parent.command('sample').description('walk a learned density and jump to clean samples'),
    sampleOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const options = await readOptions(sampleOptions, command);
    await checkOut(options.out);
    const { sigma, device } = options;
    const given = options.measurements ?? 1;
    const effective = sigma === undefined ? {} : { sigma: effectiveNoise(sigma, given) };
    const model = await loadModel(options.model, { device, ...effective });

    checkPicture(options.out, model.shape);
    const draws = await walk(model, options, output);
    const files = await saveDraws(draws, options.out);
    output.result(
      {
        files,
        chains: options.chains,
        draws: draws.xhat.length,
        shape: model.shape,
        ...(model.rate === undefined ? { sigma: model.sigma } : { rate: model.rate }),
        ...(draws.acceptance !== undefined && { acceptance: draws.acceptance }),
      },
      `${acceptanceText(draws)}wrote ${files.join(', ')}`,
    );
    await model.release();
    const stopped = draws.steps.at(-1)! + options.jumpEvery <= options.burnIn + options.steps;
    if (stopped) {
      throw new UserError(
        `stopped after ${draws.xhat.length} jumps, which are saved; run the same command again for all`,
        { exitCode: 130 },
      );
    }
  });
}

const acceptanceText = ({ acceptance }: Draws) =>
  acceptance === undefined ? '' : `accepted ${(100 * acceptance).toFixed(0)} % of proposals; `;

/** Jumps of every chain, in time order: each `[chains, ...shape]`. */
export interface Draws {
  readonly shape: readonly number[];
  readonly chains: number;
  readonly steps: readonly number[];
  readonly ybar: readonly Float32Array[];
  readonly xhat: readonly Float32Array[];
  /** Mean acceptance probability at the jumps, of kernels with an accept test. */
  readonly acceptance?: number;
}

/** Walks and jumps with a progress bar; Ctrl-C keeps what was drawn. */
export async function walk(
  model: DenoiserFile,
  options: Omit<SampleOptions, 'model' | 'out'>,
  output: Output,
): Promise<Draws> {
  const { burnIn, steps, chains, jumpEvery } = options;
  const measurements = options.measurements ?? model.config?.measurements ?? 1;
  if (jumpEvery > steps) {
    throw new UserError(
      `--steps ${steps}: no jump falls within; give at least --jump-every ${jumpEvery}, or jump more often`,
    );
  }
  const [times, ybar, xhat] = [[] as number[], [] as Float32Array[], [] as Float32Array[]];
  const accepted: number[] = [];
  const bar = output.progress('walking', burnIn + steps);
  const start = performance.now();
  const onProgress = (progress: { readonly step: number }) => {
    const seconds = (performance.now() - start) / 1000;
    const rate = progress.step / seconds;
    const secondsLeft = (burnIn + steps - progress.step) / rate;
    bar.update(progress.step, { secondsLeft, note: `${Math.round(rate * chains)} updates/s` });
  };
  await interruptible(async (signal) => {
    try {
      const { kernel, ...rest } = options;
      const walk = { ...rest, ...(kernel && { kernel }), measurements, signal, onProgress };
      for await (const jump of walkJump(model, walk)) {
        times.push(jump.step);
        ybar.push(jump.ybar);
        xhat.push(jump.xhat);
        accepted.push(...(jump.acceptance ?? []));
      }
    } catch (error) {
      if (!signal.aborted || xhat.length === 0) throw error;
    }
  }).finally(() => bar.stop());
  const acceptance = accepted.reduce((sum, rate) => sum + rate, 0) / accepted.length;
  const rate = accepted.length > 0 && { acceptance };
  return { shape: model.shape, chains, steps: times, ybar, xhat, ...rate };
}

/** Writes what `--out` asks for and returns the files' paths. */
async function saveDraws(draws: Draws, out: string): Promise<string[]> {
  const arrays = (frames: readonly Float32Array[]) =>
    encodeNpy(byChain(frames, draws.chains), [draws.chains, frames.length, ...draws.shape]);
  const write = async (path: string, bytes: Uint8Array) => {
    await writeBytes(path, bytes);
    return path;
  };
  if (isArray(out)) return [await write(out, arrays(draws.xhat))];
  if (isPicture(out)) return [await write(out, await encodePng(gridOf(draws)))];
  const files = [
    await write(join(out, 'xhat.npy'), arrays(draws.xhat)),
    await write(join(out, 'ybar.npy'), arrays(draws.ybar)),
  ];
  if (draws.shape.length !== 3) return files;
  files.push(await write(join(out, 'samples.png'), await encodePng(gridOf(draws))));
  files.push(
    await write(join(out, 'chains.png'), await encodePng(stripsPicture(draws.xhat, draws.shape))),
  );
  return files;
}

/** The last jump of every chain. @throws UserError for samples that are no images. */
export function gridOf({ xhat, shape }: Draws): Raster {
  return gridPicture(xhat.at(-1)!, shape);
}

/** [draws][chains, ...] → [chains, draws, ...]. */
function byChain(frames: readonly Float32Array[], chains: number): Float32Array {
  const size = frames[0]!.length / chains;
  const all = new Float32Array(frames.length * frames[0]!.length);
  frames.forEach((frame, draw) => {
    for (let chain = 0; chain < chains; chain++) {
      all.set(
        frame.subarray(chain * size, (chain + 1) * size),
        (chain * frames.length + draw) * size,
      );
    }
  });
  return all;
}

/** Fails before the walk rather than after it. */
async function checkOut(out: string): Promise<void> {
  const ending = /\.[a-z0-9]+$/i.exec(out)?.[0];
  if (ending !== undefined && !isPicture(out) && !isArray(out)) {
    throw new UserError(`--out ${out}: cannot write ${ending}; give a .png, a .npy, or a folder`);
  }
  const folder = ending === undefined ? out : dirname(out);
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw writeError(error, folder);
  }
}

/** @throws UserError for a picture of what is no image, before the walk. */
function checkPicture(out: string, shape: readonly number[]): void {
  if (!isPicture(out) || shape.length === 3) return;
  throw new UserError(
    `--out ${out}: the model's examples have shape [${shape.join(', ')}] and are no images; give a .npy or a folder`,
  );
}

const isPicture = (out: string) => /\.png$/i.test(out);
const isArray = (out: string) => /\.npy$/i.test(out);
