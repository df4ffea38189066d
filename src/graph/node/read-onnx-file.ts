/** Reading models from the disk; Node alone. */
import { realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { readBytes } from '../../files.ts';
import { quoted } from '../../quoted.ts';
import { GraphError } from '../error.ts';
import { bringInside, measureBeside } from '../onnx-beside.ts';

/**
 * Reads the bytes of an ONNX file, with the weights that it keeps in files beside it; see
 * `bringInside`.
 *
 * @throws UserError for a file that is missing, and a link or a device beside the model that leads
 *   out of its folder.
 */
export async function readOnnxFile(path: string): Promise<Uint8Array> {
  return inside(await readBytes(path), path);
}

const inside = (bytes: Uint8Array, path: string) =>
  bringInside(bytes, path, async (location) => readBytes(await placeBeside(path, location)));

/** A model to open: its bytes, and where it is, if its weights have to stay beside it. */
export interface OpenableModel {
  readonly bytes: Uint8Array;
  readonly path?: string;
}

/** Bytes of a model: of its file, of the weights beside it, and whether they have to stay there. */
export interface ModelSize {
  readonly own: number;
  readonly beside: number;
  readonly isLarge: boolean;
}

/**
 * Reads as `readOnnxFile` does, but leaves weights beside the model that are more than bytes can
 * hold, having checked that they are there.
 *
 * @param check told the size before the file is read, and again before what lies beside it is.
 * @throws UserError as `readOnnxFile`, and what `check` throws.
 */
export async function readOpenable(
  path: string,
  check: (size: ModelSize) => void = () => {},
): Promise<OpenableModel> {
  // Of what cannot be read, reading says why.
  const own = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  check({ own, beside: 0, isLarge: false });
  const bytes = await readBytes(path);
  const { beside, isLarge } = await measureBeside(bytes, path, async (location) => {
    const { size } = await stat(await placeBeside(path, location));
    return size;
  });
  check({ own, beside, isLarge });
  return isLarge ? { bytes, path } : { bytes: await inside(bytes, path) };
}

/** Finds a file beside the model. */
async function placeBeside(path: string, location: string): Promise<string> {
  const folder = dirname(path);
  const file = join(folder, location);
  const refuse = (problem: string) =>
    new GraphError(`${path}: ${quoted(location)} ${problem}`, {
      code: 'unreadable',
      facts: { path, location },
    });
  const [real, own] = await Promise.all([realpath(file).catch(() => undefined), realpath(folder)]);
  if (real === undefined) {
    throw new GraphError(
      `${path}: keeps its weights in ${quoted(location)}, which is not beside it; put that file there`,
      { code: 'not-found', facts: { path, location } },
    );
  }
  if (!real.startsWith(own.endsWith(sep) ? own : `${own}${sep}`)) {
    throw refuse("is a link that leads out of the model's folder; copy the file there");
  }
  if (!(await stat(real)).isFile()) throw refuse('is no file; export the model again');
  return real;
}
