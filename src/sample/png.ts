import { zlibSync } from 'fflate';
import type { Raster } from './pictures.ts';

/** Colour types of PNG by the number of channels: grey, colour, colour with opacity. */
const colourTypes: Readonly<Record<number, number>> = { 1: 0, 3: 2, 4: 6 };

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Encodes a raster as a PNG file of 8 bits a channel, after the PNG specification (third edition);
 * the pixels are kept exactly.
 */
export async function encodePng({ width, height, channels, data }: Raster): Promise<Uint8Array> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, colourTypes[channels]!], 8);
  return concat([
    Uint8Array.from(signature),
    chunk('IHDR', header),
    chunk('IDAT', zlibSync(rows(data, height, width * channels))),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/**
 * Rows, each after a byte that says that it is not filtered: tiles of small images gain nothing by
 * it.
 */
function rows(data: Uint8Array, height: number, stride: number): Uint8Array {
  const all = new Uint8Array(height * (stride + 1));
  for (let y = 0; y < height; y++) {
    all.set(data.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  }
  return all;
}

/** Length, type, data, and the check sum of type and data. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)));
  return bytes;
}

/** Remainders of single bytes by the polynomial of CRC-32, its bits reversed. */
const remainders = /* @__PURE__ */ Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = remainders[(value ^ byte) & 0xff]! ^ (value >>> 8);
  return ~value >>> 0;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
