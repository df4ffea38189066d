import { UserError } from '../errors.ts';
import { oneLine } from '../quoted.ts';

/** A file of a TAR archive. `data` is a view of the archive's bytes. */
export interface TarFile {
  readonly name: string;
  readonly data: Uint8Array;
}

const block = 512;

/**
 * Reads the regular files of an unpacked TAR archive (ustar; old TAR too). Long-name and extended
 * headers (pax, GNU) are passed over: the archives that mdensity reads have short names. `file` is
 * named in errors.
 *
 * @throws UserError for a header whose checksum fails and for an archive cut short.
 */
export function readTar(archive: Uint8Array, file: string): TarFile[] {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const files: TarFile[] = [];
  let at = 0;
  for (;;) {
    const header = bytes.subarray(at, at + block);
    if (header.length < block) {
      throw fault(file, `the TAR archive is cut short at byte ${at}`, at);
    }
    // A block of zeros marks the end.
    if (header.every((byte) => byte === 0)) return files;
    const size = octal(header, 124, 12);
    if (checksum(header) !== octal(header, 148, 8) || Number.isNaN(size)) {
      throw fault(file, `TAR header at byte ${at} is corrupt or not TAR`, at);
    }
    const start = at + block;
    if (start + size > bytes.length) {
      const name = oneLine(text(header, 0, 100));
      throw fault(file, `the TAR archive is cut short inside ${name}`, at);
    }
    const type = header[156];
    if (type === 0 || type === 0x30) {
      const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : '';
      const name = [prefix, text(header, 0, 100)].filter(Boolean).join('/');
      files.push({ name, data: bytes.subarray(start, start + size) });
    }
    at = start + Math.ceil(size / block) * block;
  }
}

function fault(file: string, problem: string, byte: number): UserError {
  return new UserError(`${file}: ${problem}; get the archive again.`, {
    code: 'unreadable',
    facts: { path: file, byte },
  });
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/** NaN for what is no octal number, a negative one among them: reading must go forward. */
function octal(header: Buffer, start: number, length: number): number {
  const digits = text(header, start, length).trim();
  return /^[0-7]{1,12}$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

/** Sum of the header's bytes, those of the checksum itself taken as spaces. */
function checksum(header: Buffer): number {
  return header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0);
}
