import type { Command } from 'commander';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { featureNames } from '../evaluate/model/index.ts';
import { estimatorNetworks, paperA, type WalksCost } from '../experiment/index.ts';
import { describeBest, writeResults } from '../report/index.ts';
import { type KernelName, kernels } from '../sample/index.ts';
import { datasetOptions, givenDatasetOptions } from './dataset-options.ts';
import { evaluateOptions } from './evaluate-options.ts';
import { comparisonCommand } from './experiment-parametrizations.ts';
import { listOf } from './list-option.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput } from './output.ts';
import { queueOptions, withRemote } from './queue-options.ts';
import { givenShard, leftToOthers, shardOptions } from './shard-options.ts';
import { describeDryRun, describeWalks } from './walks-cost.ts';
import { watch } from './watch.ts';

const whole = (least: number) => z.int().min(least);
// Models that are learned have no log-density.
const kernelNames = (Object.keys(kernels) as KernelName[]).filter(
  (name) => !kernels[name].needsLogDensity,
) as [KernelName];
const { classes: _, ...dataOptions } = datasetOptions;

const number = z.coerce.number();

const experimentOptions = defineOptions({
  data: {
    flags: '--data <set>',
    description: 'what samples are compared with (default at full scale: cifar10)',
    schema: z.string().optional(),
  },
  model: {
    flags: '--model <runs|names>',
    description:
      'models, separated by commas; each walks its own class, a family such as ddpm-cifar10 all of --classes',
    schema: listOf(z.string()),
  },
  classes: {
    flags: '--classes <σ̃,...>',
    description:
      'classes; those that no model is given for are trained (default: the models’, or 1/4)',
    schema: listOf(number.positive()),
  },
  net: {
    flags: '--net <preset>',
    description: `network of models that are trained: ${estimatorNetworks.join(', ')}`,
    schema: z.string().optional(),
  },
  trainSteps: {
    flags: '--train-steps <n>',
    description: 'updates of each',
    schema: whole(1).optional(),
  },
  scale: {
    flags: '--scale <name>',
    description: 'small: half an hour on two cores. full: the paper’s protocol',
    schema: z.enum(['small', 'full']).default('small'),
  },
  features: {
    flags: '--features <name>',
    description: `what distances are measured in: ${featureNames.join(', ')}; default: the data’s own`,
    schema: z.enum(featureNames).optional(),
  },
  inception: evaluateOptions.inception,
  measurements: {
    flags: '--measurements <M,...>',
    description: 'members of each class',
    schema: listOf(number.int().min(1)),
  },
  frictions: {
    flags: '--frictions <γδ,...>',
    description: 'effective frictions',
    schema: listOf(number.positive()),
  },
  kernels: {
    flags: '--kernels <names>',
    description: `the first walks the grid, the others its best friction: ${kernelNames.join(', ')}`,
    schema: listOf(z.enum(kernelNames)),
  },
  seeds: { flags: '--seeds <n>', description: 'seeds 0 to n − 1', schema: whole(1).optional() },
  chains: { flags: '--chains <n>', description: 'chains of a walk', schema: whole(2).optional() },
  draws: { flags: '--draws <n>', description: 'jumps of each chain', schema: whole(1).optional() },
  jumpEvery: {
    flags: '--jump-every <n>',
    description: 'steps between jumps',
    schema: whole(1).optional(),
  },
  burnIn: {
    flags: '--burn-in <n>',
    description: 'steps before the first',
    schema: whole(0).optional(),
  },
  longDraws: {
    flags: '--long-draws <n>',
    description: 'jumps of each long chain',
    schema: whole(10).optional(),
  },
  ...dataOptions,
  workers: {
    flags: '--workers <n>',
    description: 'walks at a time, each on a core of its own (default: every core)',
    schema: whole(1).optional(),
  },
  ...shardOptions,
  ...queueOptions,
  dryRun: {
    flags: '--dry-run',
    description: 'say what is left to walk, in score calls and time, and do nothing',
    schema: z.boolean().default(false),
  },
  out: {
    flags: '--out <dir>',
    description: 'where everything goes',
    schema: z.string().default('experiments/paper-a'),
  },
});

const examples = `
Examples:
  mdensity experiment paper-a --data mnist --model mnist --out experiments/mnist
  mdensity experiment paper-a --data mnist --classes 0.25,0.5,0.75 --net digits --out experiments/classes
  mdensity experiment paper-a --data path/to/cifar-10-batches-py --split train --net cifar10 --scale full \\
    --features inception --out experiments/paper
  mdensity experiment paper-a --model improved-cifar10 --features inception --scale full --dry-run`;

/** Adds the commands `mdensity experiment …`. */
export function experimentCommand(parent: Command): void {
  const group = parent.command('experiment').description('a paper’s experiment as one command');
  paperACommand(group);
  comparisonCommand(group);
}

/** The data that samples are compared with: paper A's, at its own scale. */
function dataOf({ data, scale }: Pick<OptionValues<typeof experimentOptions>, 'data' | 'scale'>) {
  if (data !== undefined) return data;
  if (scale === 'full') return 'cifar10';
  throw new UserError('--data: is missing; name a set of mdensity data list, or a path', {
    facts: { option: 'data' },
  });
}

function paperACommand(group: Command): void {
  const command = addOptions(
    group
      .command('paper-a')
      .description(
        'members of a class, frictions and kernels: distances, mixing, long chains (Saremi, Srivastava & Bach 2023, section 5)',
      ),
    experimentOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const options = await readOptions(experimentOptions, command);
    const dataOptions = givenDatasetOptions({ ...options, classes: undefined });
    const shard = givenShard(options);
    const data = dataOf(options);
    if (options.dryRun) {
      let cost: WalksCost | undefined;
      const onCost = (told: WalksCost) => {
        cost = told;
      };
      await watch(output, (work) => paperA({ ...options, data, dataOptions, shard, onCost }, work));
      output.result({ cost: cost ?? null }, describeDryRun(cost));
      return;
    }
    const { protocol, rows, complete } = await watch(output, (work) =>
      withRemote(options, work.onNote, (remote) => {
        const onCost = (cost: WalksCost) => work.onNote(describeWalks(cost));
        return paperA({ ...options, data, dataOptions, shard, remote, onCost }, work);
      }),
    );
    if (!complete) {
      const left = { files: [], cells: rows.length, complete };
      return output.result(left, leftToOthers(options.out, rows.length));
    }
    const files = await writeResults(options.out);
    const lines = [...describeBest(protocol, rows), `wrote ${files.join(', ')}`];
    output.result({ files, cells: rows.length }, lines.join('\n'));
  });
}
