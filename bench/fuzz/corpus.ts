/**
 * Writes `corpus/`: small files that once hung, swelled or misled a reader, or that are made to.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';

const folder = new URL('corpus/', import.meta.url);
const latin = (text: string) => Buffer.from(text, 'latin1');
const latinOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const torch = readFileSync(new URL('../../src/data/fixtures/torch-zip.pth', import.meta.url));

/** The ZIP64 end record says that there are 2^63 members. */
function endlessZip(): Buffer {
  const bytes = Buffer.from(torch);
  const record = bytes.indexOf('PK\x06\x06', undefined, 'latin1');
  bytes.fill(0x7f, record + 24, record + 56);
  return bytes;
}

/**
 * Many members that are all the same bytes: a few kilobytes that unpack to hundreds of megabytes.
 */
function overlappingZip(): Buffer {
  const data = deflateRawSync(Buffer.alloc(1 << 20));
  const local = Buffer.concat([
    latin('PK\x03\x04\x14\0\0\0\x08\0'),
    Buffer.alloc(16),
    latin('\x05\0\0\0x.npy'),
    data,
  ]);
  const entries = Array.from({ length: 60 }, (_, i) => {
    const entry = Buffer.alloc(46);
    entry.write('PK\x01\x02', 'latin1');
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(data.length, 20);
    entry.writeUInt32LE(1 << 20, 24);
    entry.writeUInt16LE(6, 28);
    return Buffer.concat([entry, latin(`${String(i).padStart(2, '0')}.npy`)]);
  });
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, directory, end]);
}

function safetensors(header: string, data = 8): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, latin(header), Buffer.alloc(data)]);
}

/** A header whose size is −512, so that reading would begin again at the same place. */
function circularTar(): Buffer {
  const header = Buffer.alloc(512);
  header.write('a');
  header.write('-0000001000\0', 124);
  header.write('0ustar\x0000', 156);
  header.fill(' ', 148, 156);
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, Buffer.alloc(1024)]);
}

const npy = (header: string) => {
  const bytes = Buffer.concat([latin('\x93NUMPY\x01\0\0\0'), latin(header)]);
  bytes.writeUInt16LE(header.length, 8);
  return bytes;
};

const entry = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
const oneByOne = "'fortran_order': False, 'descr': '|u1'";

/** Lists of lists, each of two of the one before: as text it would have 2^40 items. */
function doublingKeys(): Buffer {
  const legacy = readFileSync(new URL('../../src/data/fixtures/torch-legacy.pth', import.meta.url));
  const protocol = latin('\x80\x02');
  // The last pickle before the storages is the list of their names.
  const at = legacy.lastIndexOf(protocol, undefined);
  const doubling = Array.from({ length: 40 }, (_, i) =>
    latin(
      `0h${String.fromCharCode(i)}h${String.fromCharCode(i)}\x86q${String.fromCharCode(i + 1)}`.slice(
        1,
      ),
    ),
  );
  return Buffer.concat([
    legacy.subarray(0, at),
    protocol,
    latin(')q\0'),
    ...doubling,
    latin('\x85.'),
  ]);
}

const files: Readonly<Record<string, Uint8Array>> = {
  'torch-zip.endless-directory': endlessZip(),
  'zip.overlapping': overlappingZip(),
  'npz.same-name-twice': latin(
    latinOf(
      zipSync({
        'x.npy': npy(`{${oneByOne}, 'shape': (0,)}`),
        'y.npy': npy(`{${oneByOne}, 'shape': (0,)}`),
      }),
    ).replaceAll('y.npy', 'x.npy'),
  ),
  'npz.names-of-objects': zipSync({
    '__proto__.npy': npy(`{${oneByOne}, 'shape': (0,)}`),
    'constructor.npy': npy(`{${oneByOne}, 'shape': (0,)}`),
  }),
  'npy.shape-of-no-number': npy(`{${oneByOne}, 'shape': (${'9'.repeat(400)}, 0)}`),
  'npy.many-dimensions': npy(`{${oneByOne}, 'shape': (${'1,'.repeat(3000)})}`),
  'tar.negative-size': circularTar(),
  'gzip.no-end': gzipSync(Buffer.alloc(1 << 20)).subarray(0, -8),
  'safetensors.proto': safetensors(`{"__proto__":${entry}}`, 4),
  'safetensors.name-twice': safetensors(`{"a":${entry},"a":${entry}}`, 4),
  'safetensors.nested': safetensors('['.repeat(20_000), 0),
  'torch-legacy.doubling-names': doublingKeys(),
  'json.nested': latin('['.repeat(20_000)),
  'json.line-breaks': latin('{"type":\n"gau\nssian"'),
  'json.overflow': latin('{"type":"gaussian","mean":[0,1],"covariance":[[1e308,0.5],[0.5,2]]}'),
  'yaml.nested': latin('['.repeat(20_000)),
  'yaml.aliases': latin(
    `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`).join()}]\n`).join('')}`,
  ),
  'yaml.proto': latin('__proto__: {polluted: 1}\n'),
  'csv.quote': latin(`${'"'.repeat(9999)}\n`),
  'fasta.long-and-many': latin(`>a\n${'A'.repeat(5000)}\n${'>\nA\n'.repeat(1500)}`),
  'links.many': latin(`v=1&${'points=1,2;&'.repeat(2000)}`),
};

mkdirSync(folder, { recursive: true });
for (const [name, bytes] of Object.entries(files)) writeFileSync(new URL(name, folder), bytes);
