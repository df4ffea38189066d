import type { Command } from 'commander';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { isFolder, writeBytes } from '../files.ts';
import { exportDenoiser } from '../model/index.ts';
import { averageRun, readRecord } from '../run/index.ts';
import { locateModel } from '../run/model-file.ts';
import { shellWord } from '../text.ts';
import { addOptions, defineOptions, globalOptions, readOptions } from './options.ts';
import { createOutput } from './output.ts';

const averageOptions = defineOptions({
  model: {
    flags: '--model <run>',
    description: 'a run that was trained with --snapshot-every',
    schema: z.string(),
  },
  length: {
    flags: '--length <share>',
    description:
      'length of the average: the deviation of its weights in time, as a share of the run',
    schema: z.number().default(0.05),
  },
  step: {
    flags: '--step <n>',
    description: 'at the snapshot of this step (default: the newest)',
    schema: z.int().min(1).optional(),
  },
  out: {
    flags: '--out <file.onnx>',
    description: 'where the model with this average goes',
    schema: z.string(),
  },
});

const examples = `
Examples:
  mdensity train --net digits --data mnist --snapshot-every 50 --out runs/digits
  mdensity average --model runs/digits --length 0.05 --out digits-05.onnx

Any moving average of the parameters, made after training (Karras et al. 2024). Lengths of 0.02 to 0.25
are usual; the best is found by trying a few: mdensity evaluate takes the files.`;

/** Adds the command `mdensity average`. */
export function averageCommand(parent: Command): void {
  const command = addOptions(
    parent.command('average').description('make a moving average of any length of a trained run'),
    averageOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const { model, length, step, out } = await readOptions(averageOptions, command);
    const directory = locateModel(model);
    if (!isFolder(directory)) {
      throw new UserError(
        `--model ${model}: is a file; averages are made of a run, give its folder`,
      );
    }
    const { model: config } = await readRecord(directory);
    const { parameters, ...made } = await averageRun(directory, { length, step });
    await writeBytes(out, exportDenoiser(config, parameters));
    createOutput(globalOptions(command)).result(
      { file: out, length, ...made },
      `wrote ${out}: average of length ${length} at step ${made.step}, of ${made.snapshots} snapshots, ${(100 * made.error).toFixed(1)} % off in its weights; next: mdensity sample --model ${shellWord(out)}`,
    );
  });
}
