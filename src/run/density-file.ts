import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readNpy } from '../data/node/index.ts';
import {
  densityTypes,
  type ExactDensity,
  findTarget,
  type LoadedPoints,
  parseDensity,
  pointsFile,
  targetNames,
} from '../density/index.ts';
import { reworded, UserError } from '../errors.ts';
import { readBytes } from '../files.ts';
import { mapInto } from '../map-into.ts';
import { didYouMean } from '../nearest.ts';
import { oneLine } from '../quoted.ts';
import { parseStrictJson } from '../strict-json.ts';

/** What `--density` takes, for help texts. */
export const densityHelp = `a JSON file (${densityTypes.join(', ')}) or a name: ${targetNames.join(', ')}`;

/**
 * Reads the density of a JSON file, or a named target.
 * @throws UserError naming the file and the field, or the nearest name.
 */
export async function loadDensity(spec: string): Promise<ExactDensity> {
  if (targetNames.includes(spec)) return findTarget(spec);
  if (!existsSync(spec)) {
    throw new UserError(
      `density ${spec}: no such file or name.${didYouMean(spec, targetNames)} Give ${densityHelp}`,
      { code: 'not-found', facts: { option: 'density', value: spec, known: targetNames } },
    );
  }
  const source = parseJson(await readBytes(spec), spec);
  return densityOf(source, spec, await loadPoints(source, spec));
}

/** Makes a density of its JSON value; errors name the file and the field. */
export function densityOf(source: unknown, spec: string, points?: LoadedPoints): ExactDensity {
  try {
    return parseDensity(source, points);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw reworded(error, `${spec}: ${error.message}`);
  }
}

/** The points an empirical density names, beside its JSON file. */
async function loadPoints(source: unknown, spec: string) {
  const file = pointsFile(source);
  if (file === undefined) return undefined;
  const path = resolve(dirname(spec), file);
  const { data, shape } = await readNpy(path);
  if (shape.length !== 2) {
    throw new UserError(`${oneLine(file)}: has shape [${shape.join(', ')}]; points are [n, d]`, {
      code: 'shape',
      facts: { path, shape },
    });
  }
  return {
    data: mapInto(new Float64Array(data.length), data as ArrayLike<number | bigint>, Number),
    dimension: shape[1]!,
  };
}

/** Longest JSON of a density, in bytes. */
const LONGEST = 2 ** 28;

/**
 * Parses the bytes of a JSON file of at most 256 MiB. `spec` names it in errors.
 *
 * @throws UserError for what is no JSON, or too long.
 *
 * @throws UserError, in one line, for what is no JSON, has a name twice or is too long.
 */
export function parseJson(bytes: Uint8Array, spec: string): unknown {
  try {
    if (bytes.length > LONGEST) throw new SyntaxError('it is longer than 256 MiB');
    return parseStrictJson(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new UserError(`${spec}: not JSON (${(cause as Error).message}); mend the file`, {
      code: 'unreadable',
      facts: { path: spec },
      cause,
    });
  }
}
