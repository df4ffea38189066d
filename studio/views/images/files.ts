/** Files of the reader's: pictures to start chains from, and models. */
import { UserError } from '../../../src/errors.ts';
import type { Told } from '../../engine/protocol.ts';
import type { ImageShape } from './shape.ts';

/** What a file is taken for, by its name. */
export const kindOf = ({ name }: { readonly name: string }): 'model' | 'picture' =>
  /\.onnx$/i.test(name) ? 'model' : 'picture';

/** The largest middle part of a picture that has the shape's proportions. */
export function cropTo(
  { width, height }: { readonly width: number; readonly height: number },
  shape: ImageShape,
): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } {
  const scale = Math.min(width / shape.width, height / shape.height);
  const [wide, high] = [shape.width * scale, shape.height * scale];
  return { x: (width - wide) / 2, y: (height - high) / 2, width: wide, height: high };
}

/** Shares of red, green and blue in grey (Recommendation ITU-R BT.601). */
const GREY = [0.299, 0.587, 0.114];

/**
 * Pixels of four bytes as a picture `[c, h, w]` of [0, 1]; opacity counts against black, as in
 * datasets.
 *
 * @param negative turns black on white into white on black.
 */
export function valuesOf(
  rgba: ArrayLike<number>,
  { channels, height, width }: ImageShape,
  { negative = false }: { readonly negative?: boolean } = {},
): Float32Array<ArrayBuffer> {
  const plane = height * width;
  const values = new Float32Array(channels * plane);
  for (let i = 0; i < plane; i++) {
    const opacity = rgba[4 * i + 3]! / 255;
    const colours = [0, 1, 2].map((k) => {
      const value = (rgba[4 * i + k]! / 255) * (channels === 4 ? 1 : opacity);
      return negative ? 1 - value : value;
    });
    if (channels === 1) {
      values[i] = colours.reduce((sum, value, k) => sum + GREY[k]! * value, 0);
      continue;
    }
    for (let k = 0; k < 3; k++) values[k * plane + i] = colours[k]!;
    if (channels === 4) values[3 * plane + i] = opacity;
  }
  return values;
}

/**
 * A file as a picture of a shape, decoded by the browser: its middle, made as large as the model's.
 * @throws UserError for what the browser cannot decode.
 */
export async function readPicture(
  file: File,
  shape: ImageShape,
  options: { readonly negative: boolean },
): Promise<Float32Array<ArrayBuffer>> {
  let whole: ImageBitmap;
  try {
    whole = await createImageBitmap(file);
  } catch (cause) {
    throw new UserError(
      `${file.name}: is no picture that this browser can read; give a PNG, JPEG, WebP or GIF, or a model as .onnx`,
      { cause },
    );
  }
  const { x, y, width, height } = cropTo(whole, shape);
  const part = await createImageBitmap(
    whole,
    ...([x, y, width, height].map(Math.round) as [number, number, number, number]),
    { resizeWidth: shape.width, resizeHeight: shape.height, resizeQuality: 'high' },
  );
  whole.close();
  const context = new OffscreenCanvas(shape.width, shape.height).getContext('2d')!;
  context.drawImage(part, 0, 0);
  part.close();
  const { data } = context.getImageData(0, 0, shape.width, shape.height);
  return valuesOf(data, shape, options);
}

/** A model of the reader's, kept until another one is opened. */
export interface OwnModel {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** σ̃, where the reader had to give it. */
  readonly sigma?: number;
  /** Once it was opened. */
  readonly told?: Told;
}

/** @throws UserError for a file that is too large for a page, or cannot be read. */
export async function readModel(file: File, largest: number): Promise<OwnModel> {
  const { name, size } = file;
  if (size > largest) {
    const [given, most] = [size, largest].map((n) => `${(n / 1e9).toFixed(1)} GB`);
    throw new UserError(
      `${name}: ${given} are too large for a page, which can take ${most}; use the command line`,
    );
  }
  try {
    return { name, bytes: new Uint8Array(await file.arrayBuffer()) };
  } catch (cause) {
    throw new UserError(`${name}: could not be read; choose it again`, { cause });
  }
}
