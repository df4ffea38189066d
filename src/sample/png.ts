import type { Raster } from './pictures.ts';

/** The raster as the bytes of a PNG file; the pixels are kept exactly. In Node alone: loads sharp. */
export async function encodePng({ width, height, channels, data }: Raster): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  return sharp(data, { raw: { width, height, channels: channels as 1 | 3 | 4 } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer();
}
