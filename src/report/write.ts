import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { experimentIn, hasExperiment } from '../experiment/folder.ts';
import { isFolder, readBytes, writeBytes } from '../files.ts';
import { didYouMean } from '../nearest.ts';
import { boxNames, boxPath } from '../run/index.ts';
import { originOf, writeResults } from './paper-a/results.ts';
import { writeComparison } from './parametrizations/results.ts';
import { type RunPlace, readRunFiles } from './run/run-files.ts';
import { type Missing, runPage } from './run/run-page.ts';

/** A page that was written, and what it could not show. */
export interface WrittenReport {
  readonly file: string;
  readonly bytes: number;
  readonly missing: readonly Missing[];
}

/**
 * Writes the page of a run, a model in the box or an experiment, to `out` or to its own place.
 *
 * @throws UserError if there is nothing of that name.
 */
export async function writeReport(target: string, out?: string): Promise<WrittenReport> {
  if (hasExperiment(target)) return experimentReport(target, out);
  const place = locateRun(target);
  const { html, missing } = await runPage(await readRunFiles(place));
  const own = place.inBox ? `report-${place.target}.html` : join(place.folder, 'report.html');
  return write(out ?? own, new TextEncoder().encode(html), missing);
}

/**
 * Everything an experiment writes is made again; its page is copied to `out` where that is given.
 */
async function experimentReport(folder: string, out?: string): Promise<WrittenReport> {
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
): Promise<WrittenReport> {
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
  const fix = `give a run's directory, the name of one in ${RUNS}/${box.length > 0 ? ` or of a model in the box (${box.join(', ')})` : ''}, or an experiment's directory`;
  if (isFolder(target))
    throw new UserError(`${target}: holds no run.json, so it is no run; ${fix}`, {
      code: 'not-found',
      facts: { path: target },
    });
  if (existsSync(target))
    throw new UserError(`${target}: is a file; ${fix}`, {
      code: 'invalid',
      facts: { path: target },
    });
  const runs = isFolder(RUNS) ? readdirSync(RUNS) : [];
  throw new UserError(
    `${target}: no such run or model.${didYouMean(target, [...box, ...runs])} Check the name, or ${fix}`,
    { code: 'not-found', facts: { path: target } },
  );
}
