import type { Command } from 'commander';
import { z } from 'zod';
import { featureNames } from '../evaluate/model/index.ts';
import { compareParametrizations, entryNames } from '../experiment/index.ts';
import { describeComparison, writeComparison } from '../report/index.ts';
import { trainingSchema } from '../train/index.ts';
import { datasetOptions, givenDatasetOptions } from './dataset-options.ts';
import { evaluateOptions } from './evaluate-options.ts';
import { listOf } from './list-option.ts';
import { addOptions, defineOptions, globalOptions, readOptions } from './options.ts';
import { createOutput } from './output.ts';
import { queueOptions, withRemote } from './queue-options.ts';
import { givenShard, leftToOthers, shardOptions } from './shard-options.ts';
import { watch } from './watch.ts';

const whole = (least: number) => z.int().min(least);
const training = trainingSchema.shape;

const comparisonOptions = defineOptions({
  data: { flags: '--data <set>', description: 'what is learned', schema: z.string() },
  parametrizations: {
    flags: '--parametrizations <names>',
    description: `which, separated by commas; default: ${entryNames.join(', ')}`,
    schema: listOf(z.string()),
  },
  sigma: {
    flags: '--sigma <σ>',
    description: 'noise of one measurement, in units of the data (images: 0..1)',
    schema: z.number().positive().default(1),
  },
  measurements: {
    flags: '--measurements <M>',
    description: 'measurements of the density that all learn',
    schema: z.int().min(1).default(4),
  },
  steps: { flags: '--steps <n>', description: 'updates of each', schema: whole(1).optional() },
  batch: {
    flags: '--batch <n>',
    description: 'examples per update',
    schema: whole(1).optional(),
  },
  learningRate: {
    flags: '--learning-rate <rate>',
    description: 'highest learning rate of each',
    schema: z.number().positive().optional(),
  },
  heldOut: {
    flags: '--held-out <n>',
    description: 'examples that the loss is measured on (default: a tenth, at most 1,000)',
    schema: whole(1).optional(),
  },
  costMeasurements: {
    flags: '--cost-measurements <M,...>',
    description: 'numbers of measurements that time and memory are measured at',
    schema: listOf(z.coerce.number().int().min(1)),
  },
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
  friction: {
    flags: '--friction <γδ>',
    description: 'effective friction of the walks (default 1/16)',
    schema: z.number().positive().optional(),
  },
  features: {
    flags: '--features <name>',
    description: `what distances are measured in: ${featureNames.join(', ')}; default: the data’s own`,
    schema: z.enum(featureNames).optional(),
  },
  inception: evaluateOptions.inception,
  ...datasetOptions,
  seed: { flags: '--seed <n>', description: 'decides every random number', schema: training.seed },
  workers: {
    flags: '--workers <n>',
    description: 'trainings and walks at a time, each on a core of its own (default: every core)',
    schema: whole(1).optional(),
  },
  ...shardOptions,
  ...queueOptions,
  out: { flags: '--out <dir>', description: 'where everything goes', schema: z.string() },
});

const examples = `
Examples:
  mdensity experiment parametrizations --data mnist --out experiments/parametrizations
  mdensity experiment parametrizations --data digits8 --parametrizations gps,mdae --steps 200 --out experiments/quick`;

/** Adds the command `mdensity experiment parametrizations`. */
export function comparisonCommand(group: Command): void {
  const command = addOptions(
    group
      .command('parametrizations')
      .description(
        'trains each parametrization at equal budget: held-out loss, time, distance, mixing, equivariance, memory as M grows',
      ),
    comparisonOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const options = await readOptions(comparisonOptions, command);
    const dataOptions = givenDatasetOptions(options);
    const shard = givenShard(options);
    const { protocol, rows, complete } = await watch(output, (work) =>
      withRemote(options, work.onNote, (remote) =>
        compareParametrizations({ ...options, dataOptions, shard, remote }, work),
      ),
    );
    if (!complete) {
      return output.result({ files: [], rows, complete }, leftToOthers(options.out, rows.length));
    }
    const files = await writeComparison(options.out);
    const lines = [...describeComparison(protocol, rows), '', `wrote ${files.join(', ')}`];
    output.result({ files, rows }, lines.join('\n'));
  });
}
