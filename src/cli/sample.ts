import type { Command } from 'commander';
import { z } from 'zod';
import { effectiveNoise } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { prepareSequences } from '../evaluate/model/sequences/samples.ts';
import { conditionOfChains } from '../run/index.ts';
import { loadModel, precisions } from '../run/model-file.ts';
import { type Draws, drawJumps } from '../sample/index.ts';
import { checkKind, checkOut, saveDraws } from '../sample/node/draws-files.ts';
import { samplingOptions } from '../sampling/options.ts';
import { steered, walkOf } from '../sampling/walk.ts';
import { walkKindOptions } from '../sampling/walk-kind-options.ts';
import { shareRuns } from '../serve/child/shared-runs.ts';
import { densityOf } from '../serve/child/walk.ts';
import { fixedOf, guidedBy, knownOptions, readKnown } from './known-options.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptionsAndGiven,
} from './options.ts';
import { createOutput } from './output.ts';
import { queueOptions, withRemote } from './queue-options.ts';
import { runRemotely } from './remote-command.ts';
import { keepJumps } from './remote-jumps.ts';
import { sequenceOptions } from './sequence-options.ts';
import { startOf, steeringOptions, tuned } from './steering-options.ts';
import { watch } from './watch.ts';

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
  ...samplingOptions,
  device: {
    flags: '--device <device>',
    description: 'auto, cpu, webgpu, cuda',
    schema: z.enum(['auto', 'cpu', 'webgpu', 'cuda']).default('cpu'),
  },
  precision: {
    flags: '--precision <name>',
    description:
      'of scores, where it is faster: single, int8 (on the CPU), half (on a GPU); jumps are in single',
    schema: z.enum(precisions).default('single'),
  },
  ...walkKindOptions,
  ...steeringOptions,
  ...knownOptions,
  ...sequenceOptions,
  served: {
    flags: '--served',
    description:
      'run the network on as many rows at a time as mdensity serve does: samples are then its, to the byte',
    schema: z.boolean().default(false),
  },
  ...queueOptions,
});

export type SampleOptions = OptionValues<typeof sampleOptions>;

const examples = `
Examples:
  mdensity sample --model runs/digits --out samples.png
  mdensity sample --model runs/digits --measurements 4 --chains 16 --steps 2000 --out walk/
  mdensity sample --model denoiser.onnx --sigma 0.5 --out samples.npy
  mdensity sample --model runs/family --sigma 1 --measurements 4 --class 0,1,2 --out classes.png
  mdensity sample --model mnist --known half.npy --chains 16 --out filled.png
  mdensity sample --model runs/peptides --template 'C??????C' --out samples.fasta`;

/** Adds the command `mdensity sample`. */
export function sampleCommand(parent: Command): void {
  const command = addOptions(
    parent.command('sample').description('walk a learned density and jump to clean samples'),
    sampleOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const { options, given: asGiven } = await readOptionsAndGiven(sampleOptions, command);
    await checkOut(options.out);
    const { queue, store, out } = options;
    if (queue ?? store) {
      const { json } = globalOptions(command);
      const jumps = keepJumps(out);
      const set = { name: 'sample', table: sampleOptions, given: asGiven, out, json };
      const asked = { ...set, dataOptions: {}, onJump: jumps.add };
      const said = await watch(output, (work) =>
        withRemote(options, work.onNote, (remote) => runRemotely(asked, remote!, work)).catch(
          async (error: unknown) => {
            if (!work.signal.aborted || !(await jumps.save())) throw error;
            throw stoppedAfter(jumps.count());
          },
        ),
      );
      process.stdout.write(said);
      return;
    }
    const { sigma, device } = options;
    const given = options.measurements ?? 1;
    const effective = sigma === undefined ? {} : { sigma: effectiveNoise(sigma, given) };
    const condition = conditionOfChains(options.class, options.chains);
    const { precision, effectiveSigma: lowest } = options;
    const opening = { device, condition, precision, lowest, ...effective };
    const model = await watch(output, (work) => loadModel(options.model, opening, work));

    checkKind(options.out, model);
    const sequences = await watch(output, (work) => prepareSequences(model, options, work));
    if (sequences?.note) output.log(`note: ${sequences.note}`);
    const known = await readKnown(model, options);
    checkTogether(options);
    const density = options.served
      ? densityOf(await shareRuns(model), options)
      : steered(guidedBy(model, options, { condition, known }), options);
    const asked = { ...walkOf(options, model), ...fixedOf(known, options), ...sequences?.walk };
    const start = await startOf(density, options, asked);
    const setting = await watch(output, (work) => tuned(density, options, asked, work));
    const walk = { ...asked, ...start, ...setting };
    const { draws, stopped } = await watch(output, (work) => drawJumps(density, walk, work), {
      after: 0,
    });
    const written = await saveDraws(draws, options.out);
    const found = await watch(output, async (work) => sequences?.save(draws, work));
    const files = [...(found?.files ?? []), ...written];
    output.result(
      {
        files,
        chains: options.chains,
        draws: draws.shape[1],
        shape: model.shape,
        ...(model.rate === undefined ? { sigma: model.sigma } : { rate: model.rate }),
        ...(draws.acceptance && { acceptance: meanOf(draws.acceptance) }),
        ...(setting && { tuned: setting }),
        ...(found && { sequences: found.statistics }),
      },
      [
        ...(found?.lines ?? []),
        `${tunedText(setting)}${acceptanceText(draws)}wrote ${files.join(', ')}`,
      ].join('\n'),
    );
    await model.release();
    if (stopped) throw stoppedAfter(draws.shape[1]);
  });
}

/** @throws UserError for options of which one would be passed over. */
function checkTogether(options: SampleOptions): void {
  const { known, template, guidance, knownNoise, served, walk } = options;
  if (known !== undefined && knownNoise === undefined && walk === 'sequential') {
    throw new UserError(
      'known: is measured once in walks that are joint or mean; walk one of these, or give knownNoise',
      { facts: { option: 'known', value: known, options: ['knownNoise'] } },
    );
  }
  if (known !== undefined && template !== undefined) {
    throw new UserError('known: says what stays, and so does template; leave one out', {
      facts: { option: 'known', value: known },
    });
  }
  if (served && (guidance ?? knownNoise) !== undefined) {
    throw new UserError('served: is how mdensity serve walks, which guides nothing; leave it out', {
      facts: { option: 'served' },
    });
  }
}

const stoppedAfter = (count: number) =>
  new UserError(
    `stopped after ${count} jumps, which are saved; run the same command again for all`,
    { code: 'stopped' },
  );

const tunedText = (setting?: { readonly stepSize: number; readonly friction: number }) =>
  setting ? `tuned to --step-size ${setting.stepSize} --friction ${setting.friction}; ` : '';

const acceptanceText = ({ acceptance }: Draws) =>
  acceptance ? `accepted ${(100 * meanOf(acceptance)).toFixed(0)} % of proposals; ` : '';

const meanOf = (values: Float64Array) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
