import type { Command } from 'commander';
import { z } from 'zod';
import { effectiveNoise } from '../density/index.ts';
import { UserError } from '../errors.ts';
import type { DenoiserFile } from '../model/index.ts';
import {
  type CountKernelName,
  countKernels,
  type KernelName,
  kernels,
  type WalkJumpOptions,
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
import { checkKind, checkOut, type Draws, saveDraws } from './sample-files.ts';
import { sequenceOptions } from './sequences/options.ts';
import { prepareSequences } from './sequences/samples.ts';

export { scaleOf } from './pictures.ts';

const kernelNames = Object.keys({ ...kernels, ...countKernels }) as [KernelName | CountKernelName];

export const sampleOptions = defineOptions({
  model: {
    flags: '--model <run|name|file.onnx>',
    description: 'a run, a model in the box (see mdensity info), or an ONNX denoiser',
    schema: z.string(),
  },
  out: {
    flags: '--out <file.png|file.npy|file.fasta|dir>',
    description:
      'a grid of samples, all samples [chains, draws, ...], sequences, or a folder with everything',
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
    description: 'effective friction of one step; of counts: none',
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
  ...sequenceOptions,
});

export type SampleOptions = OptionValues<typeof sampleOptions>;

const examples = `
Examples:
  mdensity sample --model runs/digits --out samples.png
  mdensity sample --model runs/digits --measurements 4 --chains 16 --steps 2000 --out walk/
  mdensity sample --model denoiser.onnx --sigma 0.5 --out samples.npy
  mdensity sample --model runs/peptides --template 'C??????C' --out samples.fasta`;

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

    checkKind(options.out, model);
    const sequences = await prepareSequences(model, options, output);
    const draws = await walk(model, { ...options, ...sequences?.walk }, output);
    const written = await saveDraws(draws, options.out);
    const found = await sequences?.save(draws);
    const files = [...(found?.files ?? []), ...written];
    output.result(
      {
        files,
        chains: options.chains,
        draws: draws.xhat.length,
        shape: model.shape,
        ...(model.rate === undefined ? { sigma: model.sigma } : { rate: model.rate }),
        ...(draws.acceptance !== undefined && { acceptance: draws.acceptance }),
        ...(found && { sequences: found.statistics }),
      },
      [...(found?.lines ?? []), `${acceptanceText(draws)}wrote ${files.join(', ')}`].join('\n'),
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

/** What a walk takes of the options, and coordinates that stay as they are. */
export type WalkOptions = Omit<SampleOptions, 'model' | 'out' | keyof typeof sequenceOptions> &
  Pick<WalkJumpOptions, 'fixed'>;

/** Walks and jumps with a progress bar; Ctrl-C keeps what was drawn. */
export async function walk(
  model: DenoiserFile,
  options: WalkOptions,
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
