/** Draws as files: arrays and pictures. */
import { dirname, join } from 'node:path';
import { encodeNpy } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import { checkFolder, writeBytes } from '../../files.ts';
import type { DenoiserFileInfo, ModelConfig } from '../../model/index.ts';
import { type Draws, drawOf, framesOf } from '../collect.ts';
import { gridPicture, stripsPicture } from '../picture-sizes.ts';
import { isPictured, type Raster } from '../pictures.ts';
import { encodePng } from '../png.ts';

/** Writes the arrays and pictures that `out` asks for; the files' paths. */
export async function saveDraws(draws: Draws, out: string): Promise<string[]> {
  const { data, ybar, shape } = draws;
  const write = async (path: string, bytes: Uint8Array) => {
    await writeBytes(path, bytes);
    return path;
  };
  if (isFasta(out)) return [];
  if (await saveSamples(draws, out)) return [out];
  const files = [
    await write(join(out, 'xhat.npy'), encodeNpy(data, shape)),
    await write(join(out, 'ybar.npy'), encodeNpy(ybar, shape)),
  ];
  if (!isPictured(shape.slice(2))) return files;
  const strips = await encodePng(stripsPicture(framesOf(data, shape), shape.slice(2)));
  files.push(await write(join(out, 'samples.png'), await encodePng(gridOf(draws))));
  files.push(await write(join(out, 'chains.png'), strips));
  return files;
}

/** Writes samples where `out` is an array or a picture; tells whether it is. */
export async function saveSamples(samples: Samples, out: string): Promise<boolean> {
  if (isArray(out)) await writeBytes(out, encodeNpy(samples.data, samples.shape));
  else if (isPicture(out)) await writeBytes(out, await encodePng(gridOf(samples)));
  return isArray(out) || isPicture(out);
}

type Samples = Pick<Draws, 'data' | 'shape'>;

/** Draws the last jump of every chain. @throws UserError for samples that are no images. */
export function gridOf({ data, shape }: Samples): Raster {
  return gridPicture(drawOf(data, shape, shape[1] - 1), shape.slice(2));
}

/** Fails before the walk rather than after it. */
export async function checkOut(out: string): Promise<void> {
  const ending = /\.[a-z0-9]+$/i.exec(out)?.[0];
  if (ending !== undefined && !isPicture(out) && !isArray(out) && !isFasta(out)) {
    throw new UserError(
      `out ${out}: cannot write ${ending}; give a .png, a .npy, a .fasta, or a folder`,
      { code: 'unsupported', facts: { option: 'out', value: out } },
    );
  }
  const folder = ending === undefined ? out : dirname(out);
  await checkFolder(folder);
}

/**
 * Checks that samples of a model can be written to a file of this name.
 *
 * @throws UserError for a picture of what is no image, or FASTA of what is no sequence, before the
 *   walk.
 */
export function checkKind(out: string, { shape, config }: DenoiserFileInfo): void {
  const shown = `the model's examples have shape [${shape.join(', ')}]`;
  if (isFasta(out) && config?.alphabet === undefined) {
    throw new UserError(
      `out ${out}: ${shown} and are no sequences; give a .png, a .npy or a folder`,
      { code: 'mismatch', facts: { option: 'out', value: out, shape } },
    );
  }
  if (!isPicture(out) || isPictured(shape)) return;
  throw new UserError(
    `out ${out}: ${shown} and are no images; give a ${config?.alphabet ? '.fasta, a ' : ''}.npy or a folder`,
    { code: 'mismatch', facts: { option: 'out', value: out, shape } },
  );
}

/** Names a file that samples of a model can be written to, for advice. */
export function samplesName({ shape, alphabet }: Pick<ModelConfig, 'shape' | 'alphabet'>): string {
  if (alphabet) return 'samples.fasta';
  return isPictured(shape) ? 'samples.png' : 'samples.npy';
}

const isPicture = (out: string) => /\.png$/i.test(out);
const isArray = (out: string) => /\.npy$/i.test(out);
/** Tells whether a file of this name is to hold sequences. */
export const isFasta = (out: string) => /\.(fasta|fa|faa|fna)$/i.test(out);
