/** What `mdensity sample` writes of arrays and pictures. */
import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeNpy } from '../data/index.ts';
import { UserError } from '../errors.ts';
import { writeBytes, writeError } from '../files.ts';
import type { DenoiserFileInfo, ModelConfig } from '../model/index.ts';
import { encodePng, type Raster } from '../sample/index.ts';
import { gridPicture, stripsPicture } from './pictures.ts';

/** Jumps of every chain, in time order: each `[chains, ...shape]`. */
export interface Draws {
  readonly shape: readonly number[];
  readonly chains: number;
  readonly steps: readonly number[];
  readonly ybar: readonly Float32Array[];
  readonly xhat: readonly Float32Array[];
  /** Mean acceptance probability at the jumps, of kernels with an accept test. */
  readonly acceptance?: number;
}

/** Writes the arrays and pictures that `--out` asks for and returns the files' paths. */
export async function saveDraws(draws: Draws, out: string): Promise<string[]> {
  const arrays = (frames: readonly Float32Array[]) =>
    encodeNpy(byChain(frames, draws.chains), [draws.chains, frames.length, ...draws.shape]);
  const write = async (path: string, bytes: Uint8Array) => {
    await writeBytes(path, bytes);
    return path;
  };
  if (isFasta(out)) return [];
  if (isArray(out)) return [await write(out, arrays(draws.xhat))];
  if (isPicture(out)) return [await write(out, await encodePng(gridOf(draws)))];
  const files = [
    await write(join(out, 'xhat.npy'), arrays(draws.xhat)),
    await write(join(out, 'ybar.npy'), arrays(draws.ybar)),
  ];
  if (draws.shape.length !== 3) return files;
  files.push(await write(join(out, 'samples.png'), await encodePng(gridOf(draws))));
  files.push(
    await write(join(out, 'chains.png'), await encodePng(stripsPicture(draws.xhat, draws.shape))),
  );
  return files;
}

/** The last jump of every chain. @throws UserError for samples that are no images. */
export function gridOf({ xhat, shape }: Draws): Raster {
  return gridPicture(xhat.at(-1)!, shape);
}

/** [draws][chains, ...] → [chains, draws, ...]. */
function byChain(frames: readonly Float32Array[], chains: number): Float32Array {
  const size = frames[0]!.length / chains;
  const all = new Float32Array(frames.length * frames[0]!.length);
  frames.forEach((frame, draw) => {
    for (let chain = 0; chain < chains; chain++) {
      all.set(
        frame.subarray(chain * size, (chain + 1) * size),
        (chain * frames.length + draw) * size,
      );
    }
  });
  return all;
}

/** Fails before the walk rather than after it. */
export async function checkOut(out: string): Promise<void> {
  const ending = /\.[a-z0-9]+$/i.exec(out)?.[0];
  if (ending !== undefined && !isPicture(out) && !isArray(out) && !isFasta(out)) {
    throw new UserError(
      `--out ${out}: cannot write ${ending}; give a .png, a .npy, a .fasta, or a folder`,
    );
  }
  const folder = ending === undefined ? out : dirname(out);
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw writeError(error, folder);
  }
}

/** @throws UserError for a picture of what is no image, or FASTA of what is no sequence, before the walk. */
export function checkKind(out: string, { shape, config }: DenoiserFileInfo): void {
  const shown = `the model's examples have shape [${shape.join(', ')}]`;
  if (isFasta(out) && config?.alphabet === undefined) {
    throw new UserError(
      `--out ${out}: ${shown} and are no sequences; give a .png, a .npy or a folder`,
    );
  }
  if (!isPicture(out) || shape.length === 3) return;
  throw new UserError(
    `--out ${out}: ${shown} and are no images; give a ${config?.alphabet ? '.fasta, a ' : ''}.npy or a folder`,
  );
}

/** A file that samples of a model can be written to, for advice. */
export function samplesName({ shape, alphabet }: Pick<ModelConfig, 'shape' | 'alphabet'>): string {
  if (alphabet) return 'samples.fasta';
  return shape.length === 3 ? 'samples.png' : 'samples.npy';
}

const isPicture = (out: string) => /\.png$/i.test(out);
const isArray = (out: string) => /\.npy$/i.test(out);
/** Whether a file of this name is to hold sequences. */
export const isFasta = (out: string) => /\.(fasta|fa|faa|fna)$/i.test(out);
