// For Node alone (sharp): not part of `index.ts`, which browsers bundle.
import sharp from 'sharp';
import type { Raster } from './pictures.ts';

/** The raster as the bytes of a PNG file; the pixels are kept exactly. */
export async function encodePng({ width, height, channels, data }: Raster): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: channels as 1 | 3 | 4 } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer();
}
