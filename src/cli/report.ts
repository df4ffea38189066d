import type { Command } from 'commander';
import { z } from 'zod';
import { writeReport } from '../report/index.ts';
import { addOptions, defineOptions, globalOptions, readOptions } from './options.ts';
import { createOutput } from './output.ts';

const reportOptions = defineOptions({
  out: {
    flags: '--out <file.html>',
    description:
      'where the page goes (default: <run>/report.html, or report-<name>.html for a model in the box)',
    schema: z.string().min(1).optional(),
  },
});

const examples = `
Examples:
  mdensity report runs/digits
  mdensity report mnist --out mnist.html
  mdensity report experiments/mnist`;

/** Adds the command `mdensity report`. */
export function reportCommand(parent: Command): void {
  const command = addOptions(
    parent
      .command('report <run|name|experiment>')
      .description('one HTML page of a run: configuration, curves, grids, distances, chains'),
    reportOptions,
  );
  command.addHelpText('after', examples).action(async (target: string) => {
    const { out } = await readOptions(reportOptions, command);
    const { file, bytes, missing } = await writeReport(target, out);
    const lines = [
      `wrote ${file} (${(bytes / 1e6).toFixed(2)} MB)`,
      ...missing.map(({ part, text, command: fix }) => `${part}: ${text} ${fix ?? ''}`.trimEnd()),
    ];
    createOutput(globalOptions(command)).result({ file, bytes, missing }, lines.join('\n'));
  });
}
