/** Small valid files of each format, and what puts them together again after damage. */
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { encodeNpz } from '../../src/data/node/npz.ts';
import { openZip } from '../../src/data/node/zip.ts';
import { encodeNpy } from '../../src/data/npy-encode.ts';
import { encodeSafeTensors } from '../../src/data/safetensors.ts';
import { modelConfigSchema } from '../../src/model/config.ts';
import { exportDenoiser } from '../../src/model/export-denoiser.ts';
import { createModel } from '../../src/model/model.ts';

export const fixture = (name: string) =>
  readFileSync(new URL(`../../src/data/fixtures/${name}`, import.meta.url));
export const bytesOf = (content: string) => new TextEncoder().encode(content);

export const idx = (dimensions: readonly number[]) => {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.writeUInt32BE(0x0800 + dimensions.length);
  dimensions.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i);
  });
  const count = dimensions.reduce((product, size) => product * size, 1);
  return Buffer.concat([header, Buffer.alloc(count, 7)]);
};

export const npySeeds = () => [
  encodeNpy(Float32Array.of(0.5, 0.25, 1, 0), [2, 2]),
  encodeNpy(
    Uint8Array.from({ length: 24 }, (_, i) => i),
    [2, 3, 2, 2],
  ),
  encodeNpy(Float64Array.of(1, 2, 3), [3]),
  encodeNpy(Int32Array.of(1, 2, 3, 4), [4, 1]),
  Buffer.from(
    "\x93NUMPY\x01\x00\x46\x00{'descr': '<f2', 'fortran_order': True, 'shape': (2, 2), }          \n\x00\x00\x00\x3c\x00\x38\x00\x00",
    'latin1',
  ),
];
export const npyTokens = [
  'True',
  'False',
  '>f8',
  '<i8',
  '|b1',
  '<u2',
  'shape',
  '(1,)',
  '(4294967296,)',
];

export const npzSeed = () =>
  encodeNpz({
    x_train: { data: Uint8Array.from({ length: 12 }, (_, i) => i), shape: [3, 2, 2] },
    y_train: { data: Int32Array.of(0, 1, 2), shape: [3] },
    x_test: { data: new Uint8Array(4), shape: [1, 2, 2] },
  });

/** The members of a ZIP by name. */
export function members(bytes: Uint8Array): Record<string, Uint8Array> {
  const { names, read } = openZip(bytes, 'seed');
  return Object.fromEntries(names.map((name) => [name, read(name)]));
}

export const safetensors = () => [
  encodeSafeTensors({
    tensors: {
      'a.weight': { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      b: { shape: [], data: Float32Array.of(-0.5) },
    },
    metadata: { note: 'x' },
  }),
  encodeSafeTensors(
    { tensors: { w: { shape: [4], data: new Float32Array(4) } }, metadata: {} },
    { half: true },
  ),
];

/** A safetensors file of a header, its length right, and as many bytes of data as the seed has. */
export function withHeader(header: Buffer): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(28)]);
}

export const smallModel = () => {
  const config = modelConfigSchema.parse({
    parametrization: 'gps',
    view: 'denoised',
    sigma: 0.5,
    measurements: 1,
    shape: [2],
    network: { type: 'mlp', width: 4, layers: 1 },
  });
  const { specs } = createModel(config);
  const count = specs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return exportDenoiser(config, new Float32Array(count).fill(0.1));
};

/** Checksums of a TAR's headers made right. */
export function mendTar(bytes: Buffer): Buffer {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const header = bytes.subarray(at, at + 512);
    if (!header.some((byte) => byte !== 0) || header.toString('latin1', 257, 262) !== 'ustar')
      continue;
    header.fill(' ', 148, 156);
    const sum = header.reduce((a, b) => a + b, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  }
  return bytes;
}

/** Checksums of a PNG's chunks made right. */
export function mendPng(bytes: Buffer): Buffer {
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (at + 12 + length > bytes.length) break;
    const end = at + 8 + length;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return bytes;
}

async function picture(format: 'png' | 'jpeg' | 'webp', channels: 1 | 3 | 4): Promise<Uint8Array> {
  const pixels = Uint8Array.from({ length: 12 * 10 * channels }, (_, i) => (i * 7919) % 256);
  return sharp(pixels, { raw: { width: 12, height: 10, channels } })
    .toFormat(format)
    .toBuffer();
}

export const pictures = async (format: 'png' | 'jpeg' | 'webp') =>
  Promise.all(
    ([1, 3, ...(format === 'jpeg' ? [] : ([4] as const))] as const).map((c) => picture(format, c)),
  );

export const stockholm =
  '# STOCKHOLM 1.0\n#=GF ID x\nseq1/1-4  AC-T\nseq2  A.GT\n\nseq1/1-4  GG\nseq2  G-\n//\n';
export const clustal =
  'CLUSTAL W (1.8)\n\na   AC-T 3\nb   ACGT 4\n    ** *\n\na   GG 5\nb   G- 5\n';
export const alphabet = { alphabet: 'dna' } as const;

export const densities = [
  {
    type: 'gaussian',
    mean: [0, 1],
    covariance: [
      [1, 0.5],
      [0.5, 2],
    ],
  },
  {
    type: 'mixture',
    weights: [0.5, 0.5],
    means: [[0], [3]],
    covariances: [[[1]], [[0.2]]],
  },
  {
    type: 'empirical',
    points: [
      [1, 2],
      [3, 4],
    ],
  },
  { type: 'poisson', weights: [1], intensities: [[2, 3]], rate: 2 },
];

/** A CIFAR batch of one image, protocol 2, with its labels under each of these names. */
export function batchOf(pixels: Uint8Array, names: readonly string[]): Buffer {
  const latin = (content: string) => Buffer.from(content, 'latin1');
  const labels = names.map((name) => latin(`U${String.fromCharCode(name.length)}${name}](K\x05e`));
  return Buffer.concat([
    latin('\x80\x02}('),
    ...labels,
    latin('U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R'),
    latin('(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R'),
    latin('(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T\x00\x0c\x00\x00'),
    Buffer.from(pixels),
    latin('tbu.'),
  ]);
}
