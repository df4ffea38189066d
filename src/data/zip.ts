import { crc32 } from 'node:zlib';
import { type Unzipped, unzipSync } from 'fflate';
import { UserError } from '../errors.ts';

/**
 * The members of a ZIP by name, compressed or stored, each checked against its CRC-32. `file` is named in
 * errors. Throws `UserError` where the ZIP is corrupt or cut short.
 */
export function unzip(bytes: Uint8Array, file: string): Unzipped {
  let members: Unzipped;
  try {
    members = unzipSync(bytes);
  } catch (error) {
    throw new UserError(
      `${file}: the ZIP is corrupt or cut short (${(error as Error).message}); get or save the file again.`,
      { cause: error },
    );
  }
  const checksums = memberChecksums(bytes);
  for (const [name, member] of Object.entries(members)) {
    const expected = checksums.get(name);
    if (expected !== undefined && crc32(member) !== expected) {
      throw new UserError(
        `${file}: member ${name} is corrupt (CRC-32); get or save the file again.`,
      );
    }
  }
  return members;
}

/** CRC-32 of each member, from the ZIP's central directory: fflate does not check it. */
function memberChecksums(bytes: Uint8Array): ReadonlyMap<string, number> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksums = new Map<string, number>();
  const end = view.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  let at = end < 0 ? 0xffffffff : view.readUInt32LE(end + 16);
  while (at + 46 <= view.length && view.readUInt32LE(at) === 0x02014b50) {
    const nameLength = view.readUInt16LE(at + 28);
    const name = view.toString('utf8', at + 46, at + 46 + nameLength);
    checksums.set(name, view.readUInt32LE(at + 16));
    at += 46 + nameLength + view.readUInt16LE(at + 30) + view.readUInt16LE(at + 32);
  }
  return checksums;
}
