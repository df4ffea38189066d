import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { describeBox } from '../run/model-box.ts';
import {
  cachedFiles,
  findPretrained,
  keptModel,
  type PretrainedSource,
} from '../run/pretrained/sources.ts';
import { bytesOf, pretrainedTable } from '../run/pretrained/table.ts';
import { addGlobalOptions, globalOptions } from './options.ts';
import { createOutput } from './output.ts';

const examples = `
Examples:
  mdensity models
  mdensity sample --model ddpm-cifar10 --sigma 0.25 --out samples.png

A pretrained model is fetched when it is first used, and kept: its files in the cache of Hugging Face
(HF_HOME, HF_ENDPOINT, HF_TOKEN) or of mdensity (MDENSITY_DATA), the model made of them in the latter.
Any other folder of diffusers is hf:OWNER/NAME. See mdensity import.`;

/** Adds the command `mdensity models`. */
export function modelsCommand(parent: Command): void {
  const command = addGlobalOptions(
    parent
      .command('models')
      .description('models in the box, and pretrained ones: here, or to be fetched'),
  );
  command.addHelpText('after', examples).action(async () => {
    const box = await describeBox();
    const stateOf = async (source: PretrainedSource) => {
      if (existsSync(keptModel(source))) return 'ready';
      return (await cachedFiles(source)) ? 'fetched' : 'not here';
    };
    const pretrained = await Promise.all(
      pretrainedTable.map(async (entry) => {
        const state = await stateOf(findPretrained(entry.name)!);
        return { ...entry, bytes: bytesOf(entry), state };
      }),
    );
    const lines = [
      'in the box',
      ...Object.entries(box).map(([name, text]) => `  ${name.padEnd(29)}${text}`),
      'pretrained',
      ...pretrained.map(({ name, images, bytes, licence, state }) =>
        [
          `  ${name.padEnd(29)}${images.padEnd(28)}${`${(bytes / 1e6).toFixed(0)} MB`.padStart(8)}`,
          licence.padEnd(15),
          state,
        ].join('  '),
      ),
    ];
    createOutput(globalOptions(command)).result({ box, pretrained }, lines.join('\n'));
  });
}
