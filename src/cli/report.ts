import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { isFolder, readBytes, writeBytes } from '../files.ts';
import { didYouMean } from '../nearest.ts';
import { writeComparison } from './comparison/results.ts';
import { experimentIn, hasExperiment } from './experiment/folder.ts';
import { originOf, writeResults } from './experiment/results.ts';
import { boxNames, boxPath } from './model-box.ts';
import { addOptions, defineOptions, globalOptions, readOptions } from './options.ts';
import { createOutput } from './output.ts';
import { type RunPlace, readRunFiles } from './report/run-files.ts';
import { type Missing, runPage } from './report/run-page.ts';

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

export function reportCommand(parent: Command): void {
  const command = addOptions(
    parent
      .command('report <run|name|experiment>')
      .description('one HTML page of a run: configuration, curves, grids, distances, chains'),
    reportOptions,
  );
  command.addHelpText('after', examples).action(async (target: string) => {
    const { out } = await readOptions(reportOptions, command);
    const { file, bytes, missing } = await report(target, out);
    const lines = [
      `wrote ${file} (${(bytes / 1e6).toFixed(2)} MB)`,
      ...missing.map(({ part, text, command: fix }) => `${part}: ${text} ${fix ?? ''}`.trimEnd()),
    ];
    createOutput(globalOptions(command)).result({ file, bytes, missing }, lines.join('\n'));
  });
}

interface Written {
  readonly file: string;
  readonly bytes: number;
  readonly missing: readonly Missing[];
}

async function report(target: string, out?: string): Promise<Written> {
  if (hasExperiment(target)) return experimentReport(target, out);
  const place = locateRun(target);
  const { html, missing } = await runPage(await readRunFiles(place));
  const own = place.inBox ? `report-${place.target}.html` : join(place.folder, 'report.html');
  return write(out ?? own, new TextEncoder().encode(html), missing);
}

/** Everything an experiment writes is made again; its page is copied where `--out` says. */
async function experimentReport(folder: string, out?: string): Promise<Written> {
  const origin = await originOf(folder);
  const compares = (await experimentIn(folder)) === 'parametrizations';
  const files = await (compares ? writeComparison(folder, origin) : writeResults(folder, origin));
  const file = files.find((name) => name.endsWith('.html'))!;
  const page = await readBytes(file);
  if (out !== undefined) return write(out, page, []);
  return { file, bytes: page.length, missing: [] };
}

async function write(
  file: string,
  page: Uint8Array,
  missing: readonly Missing[],
): Promise<Written> {
  await writeBytes(file, page);
  return { file, bytes: page.length, missing };
}

const RUNS = 'runs';

/**
 * A run's folder: a path, the name of one in `runs/`, or of a model in the box.
 * @throws UserError if there is none.
 */
function locateRun(target: string): RunPlace {
  const holdsRun = (folder: string) => existsSync(join(folder, 'run.json'));
  const box = boxNames();
  const places = [target, join(RUNS, target), ...(box.includes(target) ? [boxPath(target)] : [])];
  const folder = places.find(holdsRun);
  if (folder !== undefined) {
    const name = box.find((one) => resolve(boxPath(one)) === resolve(folder));
    return { target: name ?? target, folder, inBox: name !== undefined };
  }
  const fix = `give a run's directory (mdensity train --out), the name of one in ${RUNS}/${box.length > 0 ? ` or of a model in the box (${box.join(', ')})` : ''}, or an experiment's directory`;
  if (isFolder(target))
    throw new UserError(`${target}: holds no run.json, so it is no run; ${fix}`);
  if (existsSync(target)) throw new UserError(`${target}: is a file; ${fix}`);
  const runs = isFolder(RUNS) ? readdirSync(RUNS) : [];
  throw new UserError(
    `${target}: no such run or model.${didYouMean(target, [...box, ...runs])} Check the name, or ${fix}`,
  );
}
