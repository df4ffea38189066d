/** The readers of files that may come from anywhere. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { readYamlOptions } from '../../src/cli/options.ts';
import { trainOptions } from '../../src/cli/train-options.ts';
import { decodeCifar10, decodeCifar100 } from '../../src/data/cifar10-binary.ts';
import { decodeCifar10Pickle, decodeCifar100Pickle } from '../../src/data/cifar10-pickle.ts';
import { allocate } from '../../src/data/dataset.ts';
import type { Examples } from '../../src/data/examples.ts';
import { tar } from '../../src/data/fixtures/tar.ts';
import { examplesFromArray, examplesFromNpz } from '../../src/data/node/arrays.ts';
import { decodeIdx } from '../../src/data/node/idx.ts';
import { decodeImage } from '../../src/data/node/images.ts';
import { decodeModulePickle } from '../../src/data/node/module-pickle.ts';
import { decodeNpz } from '../../src/data/node/npz.ts';
import { sequencesInText } from '../../src/data/node/sequences/examples.ts';
import { decodeText } from '../../src/data/node/sequences/records.ts';
import { pointsInText } from '../../src/data/node/table.ts';
import { decodeTorchFile } from '../../src/data/node/torch-file.ts';
import { openZip } from '../../src/data/node/zip.ts';
import { decodeNpy } from '../../src/data/npy-decode.ts';
import { decodeSafeTensors } from '../../src/data/safetensors.ts';
import { readTar } from '../../src/data/tar.ts';
import { gunzipIfNeeded } from '../../src/files.ts';
import { openOnnx } from '../../src/graph/onnx-file.ts';
import { readOnnx } from '../../src/graph/read-onnx.ts';
import { densityOf, parseJson } from '../../src/run/density-file.ts';
import {
  choice,
  decodeLink,
  encodeLink,
  linkSchema,
  number,
  rows,
  text,
  whole,
} from '../../studio/link.ts';
import {
  alphabet,
  batchOf,
  bytesOf,
  clustal,
  densities,
  fixture,
  idx,
  members,
  mendPng,
  mendTar,
  npySeeds,
  npyTokens,
  npzSeed,
  pictures,
  safetensors,
  smallModel,
  stockholm,
  withHeader,
} from './seeds.ts';

/** Valid inputs of one kind. */
export interface Source {
  readonly seeds: readonly Uint8Array[];
  readonly tokens?: readonly string[];
  /**
   * Puts what was damaged into a file whose checksums are right, so that damage reaches further.
   */
  readonly wrap?: (bytes: Buffer) => Uint8Array;
}

/** A reader under test. */
export interface Reader {
  readonly sources: () => Promise<readonly Source[]> | readonly Source[];
  readonly read: (bytes: Uint8Array) => unknown;
  /** Whether an input takes more than a millisecond or so: fewer are tried in a test. */
  readonly slow?: boolean;
}

/** Reads every example: what a reader promises, it must hold. */
function useAll({ count, shape, dtype, read, labels, record }: Examples): void {
  const size = shape.reduce((product, length) => product * length, 1);
  const into = allocate(dtype, size);
  for (let i = 0; i < count; i++) {
    read(i, into, 0);
    record?.(i);
  }
  if (labels && labels.length !== count) throw new Error(`${labels.length} labels of ${count}`);
}

const sequences =
  (path: string, options: Parameters<typeof sequencesInText>[2]) => (bytes: Uint8Array) =>
    useAll(sequencesInText(decodeText(bytes, path), path, options));

const linkFields = linkSchema(1, {
  sigma: number(0.5, { min: 0, max: 10 }),
  steps: whole(10, { min: 1 }),
  kernel: choice('mala', ['mala', 'sachs']),
  name: text('x'),
  points: rows([[0, 1]], { width: 2, max: 20 }),
});

function readLink(bytes: Uint8Array): void {
  const { state, problem } = decodeLink(linkFields, new TextDecoder().decode(bytes));
  const { sigma, steps, points } = state;
  if (!(sigma >= 0 && sigma <= 10) || !(steps >= 1) || points.length > 20) throw new Error('range');
  if (problem !== undefined && problem.length > 20_000) throw new Error('a long problem');
  decodeLink(linkFields, encodeLink('walk', linkFields, state).split('?')[1] ?? '');
}

/** Every reader, by name. */
export const readers: Readonly<Record<string, Reader>> = {
  idx: {
    sources: () => {
      const seeds = [idx([2, 3, 3]), idx([4])];
      return [{ seeds }, { seeds, wrap: (bytes) => gzipSync(bytes, { level: 1 }) }];
    },
    read: (bytes) => decodeIdx(bytes, 'f'),
  },
  npy: {
    sources: () => [{ seeds: npySeeds(), tokens: npyTokens }],
    read: (bytes) => useAll(examplesFromArray(decodeNpy(bytes, 'f'), 'f')),
  },
  npz: {
    sources: () => [
      { seeds: [npzSeed(), fixture('numpy.npz')] },
      {
        seeds: npySeeds(),
        tokens: npyTokens,
        wrap: (bytes) => zipSync({ 'x.npy': bytes, 'y.npy': npySeeds()[3]! }, { level: 0 }),
      },
    ],
    read: (bytes) => {
      const npz = decodeNpz(bytes, 'f');
      useAll(examplesFromNpz(npz, 'f'));
    },
  },
  zip: {
    sources: () => [{ seeds: [npzSeed(), fixture('numpy.npz'), fixture('torch-zip.pth')] }],
    read: (bytes) => {
      const { names, read } = openZip(bytes, 'f');
      for (const name of names) read(name);
    },
  },
  tar: {
    sources: () => {
      const seeds = [tar({ 'folder/a.bin': Buffer.from('hello'), 'b.bin': Buffer.alloc(600, 7) })];
      return [{ seeds }, { seeds, wrap: mendTar }];
    },
    read: (bytes) => readTar(bytes, 'f'),
  },
  gzip: {
    sources: () => [
      { seeds: [gzipSync(Buffer.alloc(5000, 'ab')), gzipSync(Buffer.alloc(100_000))] },
    ],
    read: (bytes) => gunzipIfNeeded(bytes, 'f'),
  },
  safetensors: {
    sources: () => {
      const seeds = safetensors();
      const headers = seeds.map((bytes) => bytes.subarray(8, 8 + Number(bytes[0])));
      const tokens = ['I64', 'F16', 'BF16', 'F64', '__metadata__', '"a.weight":', '[0,24]', 'null'];
      return [{ seeds }, { seeds: headers, tokens, wrap: withHeader }];
    },
    read: (bytes) => decodeSafeTensors(bytes, 'f'),
  },
  'torch-zip': {
    sources: () => {
      const zipped = fixture('torch-zip.pth');
      const parts = members(zipped);
      const name = Object.keys(parts).find((member) => member.endsWith('data.pkl'))!;
      const wrap = (bytes: Buffer) => zipSync({ ...parts, [name]: bytes }, { level: 0 });
      return [{ seeds: [zipped] }, { seeds: [parts[name]!], wrap }];
    },
    read: (bytes) => decodeTorchFile(bytes, 'f'),
  },
  'torch-legacy': {
    sources: () => [{ seeds: [fixture('torch-legacy.pth')] }],
    read: (bytes) => decodeTorchFile(bytes, 'f'),
  },
  modules: {
    sources: () => {
      const packed = fixture('../../model/pretrained/fixtures/edm-vp.pkl.gz');
      return [{ seeds: [gunzipSync(packed)], tokens: ['_modules', 'ModuleDict', 'state'] }];
    },
    read: (bytes) => decodeModulePickle(bytes, 'f'),
  },
  cifar: {
    sources: () => {
      const pickle = fixture('cifar10-first5.pickle');
      const record = fixture('cifar10-first5.bin').subarray(0, 3073);
      // One image: mutations reach what is around the pixels more often.
      const small = batchOf(record.subarray(1), ['labels', 'fine_labels']);
      return [{ seeds: [small] }, { seeds: [pickle, small] }, { seeds: [record] }];
    },
    read: (bytes) => {
      const parts = [{ name: 'f', data: bytes }];
      if (bytes[0] !== 0x80) useAll((bytes.length % 2 ? decodeCifar10 : decodeCifar100)(parts));
      else useAll((bytes.length % 2 ? decodeCifar10Pickle : decodeCifar100Pickle)(parts));
    },
  },
  fasta: {
    sources: () => [
      {
        seeds: [
          bytesOf('>a one\nACGT\nAC\n>b\nACGTAC\n'),
          bytesOf('>c\r\nAXNT-\r\n;\r\n>d\nacgtt\n'),
        ],
        tokens: ['>', ';', '*', '-', 'X', '\r', 'é'],
      },
    ],
    read: (bytes) => {
      const options = [
        alphabet,
        { ...alphabet, pad: 'end' },
        { ...alphabet, aligned: true, unknown: 'mask' },
        { ...alphabet, pad: 'end', aligned: false, unknown: 'drop' },
      ] as const;
      sequences('f.fa', options[bytes.length % options.length]!)(bytes);
    },
  },
  alignments: {
    sources: () => [
      { seeds: [bytesOf(stockholm), bytesOf(clustal), bytesOf('>a\nACgt.A\n>b\nAC--T\n')] },
    ],
    read: (bytes) => {
      const path = ['f.sto', 'f.aln', 'f.a3m', 'f.afa'][bytes.length % 4]!;
      const unknown = (['refuse', 'drop', 'mask'] as const)[bytes.length % 3]!;
      sequences(path, { ...alphabet, unknown })(bytes);
    },
  },
  csv: {
    sources: () => [
      {
        seeds: [
          bytesOf('x,y,label\n1,2.5,0\n-3e2,4,1\n'),
          bytesOf('1;2\n3;4\n'),
          bytesOf('id\tsequence\n1\tACGT\n2\t"AC"\n'),
          bytesOf('"a ""b""",sequence\r\n"1\n2",ACGT\r\n'),
        ],
        tokens: [',', ';', '\t', '"', '""', '\r\n', 'sequence', 'label', 'id'],
      },
    ],
    read: (bytes) => {
      if (bytes.length % 2) useAll(pointsInText(decodeText(bytes, 'f.csv'), 'f.csv'));
      else sequences('f.csv', { ...alphabet, pad: 'end' })(bytes);
    },
  },
  yaml: {
    sources: () => [
      {
        seeds: [
          bytesOf('data: mnist\nsave-every: 100\nsteps: 500\nclasses: [1, 2]\n'),
          bytesOf('a: &a [1, 2]\nb: *a\n? x\n: |\n  text\n'),
        ],
        tokens: [
          '&a ',
          '*a',
          '<<: ',
          '!!js/function ',
          '- ',
          '? ',
          '%YAML 1.1\n',
          '---\n',
          '{',
          ': ',
        ],
      },
    ],
    read: (bytes) => {
      const options = readYamlOptions(bytes, 'f', trainOptions);
      for (const [key, { schema }] of Object.entries(trainOptions)) schema.safeParse(options[key]);
    },
  },
  json: {
    sources: () => [
      {
        seeds: densities.map((density) => bytesOf(JSON.stringify(density))),
        tokens: ['"mean":', '[[1]]', '1e308', '-0', '"type":"mixture",', 'null', '"rate":0'],
      },
    ],
    read: (bytes) => densityOf(parseJson(bytes, 'f'), 'f'),
  },
  onnx: {
    sources: () => [{ seeds: [smallModel()] }],
    read: (bytes) => {
      const { constants } = readOnnx(bytes, 'f');
      constants();
    },
  },
  'onnx-session': {
    slow: true,
    sources: () => [{ seeds: [smallModel()] }],
    read: async (bytes) => {
      const file = await openOnnx(bytes, 'f', { device: 'cpu', threads: 1 });
      try {
        const size = file.shape.reduce((product, n) => product * n, 1);
        const batch = file.batch ?? 2;
        if (size * batch < 1e6) {
          await file.run(new Float32Array(batch * size), new Float32Array(batch * size));
        }
      } finally {
        await file.release();
      }
    },
  },
  png: imageReader('png', mendPng),
  jpeg: imageReader('jpeg'),
  webp: imageReader('webp'),
  links: {
    sources: () => [
      {
        seeds: [bytesOf('v=1&sigma=0.25&steps=7&kernel=sachs&name=a&points=1,2;3,4')],
        tokens: ['&', '=', '%', '%00', '%F0%9F', 'v=2', '1e999', ';', ',', 'hasOwnProperty=1'],
      },
    ],
    read: readLink,
  },
};

function imageReader(format: 'png' | 'jpeg' | 'webp', wrap?: (bytes: Buffer) => Buffer): Reader {
  return {
    slow: true,
    sources: async () => {
      const seeds = await pictures(format);
      return wrap ? [{ seeds }, { seeds, wrap }] : [{ seeds }];
    },
    read: (bytes) => decodeImage(bytes, 'f', bytes.length % 2 ? {} : { size: 8 }),
  };
}
