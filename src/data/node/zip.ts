import { crc32, inflateRawSync } from 'node:zlib';
import { UserError } from '../../errors.ts';
import { unpackedLimit } from '../../files.ts';
import { quoted } from '../../quoted.ts';
import { readDirectory, type ZipMember, zipFault } from '../zip-directory.ts';

/**
 * An opened ZIP: names in the order of its directory, and each member unpacked when it is asked
 * for.
 */
export interface Zip {
  readonly names: readonly string[];
  /**
   * The bytes of a member; of a stored one, a view of the archive's.
   *
   * @throws UserError for a member that is damaged, by its CRC-32, or is not there.
   */
  readonly read: (name: string) => Uint8Array;
}

/**
 * Opens a ZIP, ZIP64 too, whose members are stored or deflated. Work and memory are bounded by the
 * size of the file: its directory must lie inside it, members may not overlap, and all of them
 * together may unpack to `unpackedLimit` bytes. `file` is named in errors.
 *
 * @throws UserError where the ZIP is corrupt, cut short, encrypted or has a name twice.
 */
export function openZip(bytes: Uint8Array, file: string): Zip {
  const members = readDirectory(bytes, file);
  const limit = unpackedLimit(bytes.length);
  const total = [...members.values()].reduce((sum, { size }) => sum + size, 0);
  if (total > limit) {
    throw new UserError(
      `${file}: the ZIP's members unpack to ${total} bytes, far more than its ${bytes.length}; save it again without compression if you trust it.`,
      { code: 'unsupported', facts: { path: file, bytes: total, limit } },
    );
  }
  const read = (name: string): Uint8Array => {
    const member = members.get(name);
    if (member === undefined) throw zipFault(file, `has no member ${quoted(name)}`);
    const data = unpack(member, file);
    if (crc32(data) === member.checksum) return data;
    throw zipFault(file, `member ${quoted(name)} is corrupt (CRC-32)`, { member: name });
  };
  return { names: [...members.keys()], read };
}

function unpack({ name, packed, size, isDeflated }: ZipMember, file: string): Uint8Array {
  if (!isDeflated) return packed;
  const fault = (problem: string, cause?: unknown) =>
    zipFault(file, `member ${quoted(name)} ${problem}`, { member: name }, cause);
  let data: Uint8Array;
  try {
    data = inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch (cause) {
    throw fault('is corrupt: its compressed data make no sense', cause);
  }
  if (data.length === size) return data;
  throw fault(`is corrupt: it has ${data.length} bytes, ${size} expected`);
}
