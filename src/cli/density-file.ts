import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readNpy } from '../data/index.ts';
import {
  densityTypes,
  type ExactDensity,
  findTarget,
  parseDensity,
  pointsFile,
  targetNames,
} from '../density/index.ts';
import { UserError } from '../errors.ts';
import { readBytes } from '../files.ts';
import { didYouMean } from '../nearest.ts';

/** What `--density` takes, for help texts. */
export const densityHelp = `a JSON file (${densityTypes.join(', ')}) or a name: ${targetNames.join(', ')}`;

/**
 * The density of a JSON file, or a named target.
 * @throws UserError naming the file and the field, or the nearest name.
 */
export async function loadDensity(spec: string): Promise<ExactDensity> {
  if (targetNames.includes(spec)) return findTarget(spec);
  if (!existsSync(spec)) {
    throw new UserError(
      `--density ${spec}: no such file or name.${didYouMean(spec, targetNames)} Give ${densityHelp}`,
    );
  }
  const source = parseJson(new TextDecoder().decode(await readBytes(spec)), spec);
  try {
    return parseDensity(source, await loadPoints(source, spec));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${spec}: ${error.message}`, { cause: error });
  }
}

/** The points an empirical density names, beside its JSON file. */
async function loadPoints(source: unknown, spec: string) {
  const file = pointsFile(source);
  if (file === undefined) return undefined;
  const { data, shape } = await readNpy(resolve(dirname(spec), file));
  if (shape.length !== 2) {
    throw new UserError(`${file}: has shape [${shape.join(', ')}]; points are [n, d]`);
  }
  return { data: Float64Array.from(data as ArrayLike<number>), dimension: shape[1]! };
}

function parseJson(text: string, spec: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UserError(`${spec}: not JSON (${(cause as Error).message}); mend the file`, {
      cause,
    });
  }
}
