/**
 * The directory of a ZIP archive: where its members are (PKWARE's APPNOTE 6.3, sections 4.3 and
 * 4.5).
 */
import { type ErrorFacts, UserError } from '../errors.ts';
import { quoted } from '../quoted.ts';

/** A member of an archive, as the directory has it. */
export interface ZipMember {
  readonly name: string;
  /** Its bytes in the archive, a view. */
  readonly packed: Uint8Array;
  /** Bytes it unpacks to. */
  readonly size: number;
  /** CRC-32 of those. */
  readonly checksum: number;
  readonly isDeflated: boolean;
}

/** Sizes of records, their variable parts apart. */
const [END, LOCATOR, END64, ENTRY, LOCAL] = [22, 20, 56, 46, 30] as const;
const [STORED, DEFLATED] = [0, 8] as const;
/** What stands in place of a number that ZIP64 keeps elsewhere. */
const [FULL16, FULL32] = [0xffff, 0xffffffff] as const;

/** Makes the error for an archive that is damaged. */
export function zipFault(
  file: string,
  problem: string,
  facts: ErrorFacts = {},
  cause?: unknown,
): UserError {
  return new UserError(
    `${file}: the ZIP is corrupt or cut short (${problem}); get or save the file again.`,
    { code: 'unreadable', facts: { path: file, ...facts }, cause },
  );
}

/**
 * Reads the members by name, in the order of the directory.
 *
 * @throws UserError for records that do not lie inside the file or overlap, a name twice,
 *   encryption, and methods other than stored and deflated.
 */
export function readDirectory(bytes: Uint8Array, file: string): ReadonlyMap<string, ZipMember> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { count, size, start } = findDirectory(view, file);
  if (start + size > view.length || count * ENTRY > size) {
    throw zipFault(file, 'its directory is not inside the file');
  }
  const members = new Map<string, ZipMember>();
  const places: Place[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const entry = readEntry(view, at, start + size, file);
    at = entry.next;
    if (members.has(entry.name)) throw zipFault(file, `has ${quoted(entry.name)} twice`);
    const place = placeOf(view, entry, start, file);
    places.push(place);
    const { name, checksum, unpacked, method } = entry;
    const packed = bytes.subarray(place.data, place.end);
    members.set(name, {
      name,
      packed,
      size: unpacked,
      checksum,
      isDeflated: method === DEFLATED,
    });
  }
  places.sort((a, b) => a.start - b.start);
  if (places.some((place, i) => i > 0 && place.start < places[i - 1]!.end)) {
    throw zipFault(file, 'members overlap');
  }
  return members;
}

interface Directory {
  readonly count: number;
  readonly size: number;
  readonly start: number;
}

/** The end record: the last one whose comment reaches the end of the file. */
function findDirectory(view: Buffer, file: string): Directory {
  for (let at = view.length - END; at >= Math.max(0, view.length - END - FULL16); at--) {
    if (view.readUInt32LE(at) !== 0x06054b50) continue;
    if (at + END + view.readUInt16LE(at + 20) !== view.length) continue;
    const [count, size, start] = [10, 12, 16].map((field) =>
      field === 10 ? view.readUInt16LE(at + field) : view.readUInt32LE(at + field),
    ) as [number, number, number];
    const wide = wideDirectory(view, at, file);
    if (wide === undefined) return { count, size, start };
    // The same twice: numbers that fit the old record must be the same in both.
    const agree =
      (count === FULL16 || count === wide.count) &&
      (size === FULL32 || size === wide.size) &&
      (start === FULL32 || start === wide.start);
    if (agree) return wide;
    throw zipFault(file, 'its two end records differ');
  }
  throw zipFault(file, 'no end of its directory');
}

/** What the ZIP64 end record says, where there is one before the end record `at`. */
function wideDirectory(view: Buffer, at: number, file: string): Directory | undefined {
  const locator = at - LOCATOR;
  if (locator < 0 || view.readUInt32LE(locator) !== 0x07064b50) return undefined;
  const record = wideNumber(view, locator + 8, file);
  if (record + END64 > locator || view.readUInt32LE(record) !== 0x06064b50) {
    throw zipFault(file, 'its ZIP64 end record is not where it should be');
  }
  const [count, size, start] = [32, 40, 48].map((field) => wideNumber(view, record + field, file));
  return { count: count!, size: size!, start: start! };
}

/** A number of eight bytes: more than the file has bytes is damage. */
function wideNumber(view: Buffer, at: number, file: string): number {
  const value = Number(view.readBigUInt64LE(at));
  if (value <= view.length) return value;
  throw zipFault(file, `its directory says ${value}, more than the file has bytes`);
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly checksum: number;
  readonly packed: number;
  readonly unpacked: number;
  readonly offset: number;
  /** Where the next entry begins. */
  readonly next: number;
}

function readEntry(view: Buffer, at: number, end: number, file: string): Entry {
  if (at + ENTRY > end || view.readUInt32LE(at) !== 0x02014b50) {
    throw zipFault(file, `no entry at byte ${at} of its directory`);
  }
  const [names, extras, comments] = [28, 30, 32].map((field) => view.readUInt16LE(at + field));
  const extra = at + ENTRY + names!;
  const next = extra + extras! + comments!;
  if (next > end) throw zipFault(file, `the entry at byte ${at} is cut short`);
  const name = view.toString('utf8', at + ENTRY, extra);
  const flags = view.readUInt16LE(at + 8);
  const method = view.readUInt16LE(at + 10);
  if (flags & 1 || (method !== STORED && method !== DEFLATED)) {
    const how = flags & 1 ? 'encrypted' : `compressed by method ${method}`;
    throw new UserError(
      `${file}: member ${quoted(name)} of the ZIP is ${how}, which is not read; save it stored or deflated.`,
      { code: 'unsupported', facts: { path: file, member: name, method } },
    );
  }
  const narrow = [24, 20, 42].map((field) => view.readUInt32LE(at + field));
  const wide = wideFields(view.subarray(extra, extra + extras!), narrow, file);
  const [unpacked, packed, offset] = wide as [number, number, number];
  return { name, method, checksum: view.readUInt32LE(at + 16), packed, unpacked, offset, next };
}

/** Sizes and offset of an entry; those that do not fit stand in the ZIP64 extra field, in order. */
function wideFields(extra: Buffer, narrow: readonly number[], file: string): number[] {
  if (!narrow.includes(FULL32)) return [...narrow];
  for (let at = 0; at + 4 <= extra.length; ) {
    const [id, length] = [extra.readUInt16LE(at), extra.readUInt16LE(at + 2)];
    const field = extra.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    if (id !== 1) continue;
    let place = 0;
    return narrow.map((value) => {
      if (value !== FULL32) return value;
      if (place + 8 > field.length) throw zipFault(file, 'a ZIP64 field is cut short');
      const number = Number(field.readBigUInt64LE(place));
      place += 8;
      return number;
    });
  }
  return [...narrow];
}

/** Bytes of the archive that a member takes, its local header among them. */
interface Place {
  readonly start: number;
  readonly data: number;
  readonly end: number;
}

function placeOf(view: Buffer, entry: Entry, limit: number, file: string): Place {
  const { name, offset: start, packed, unpacked, method } = entry;
  if (start + LOCAL > limit || view.readUInt32LE(start) !== 0x04034b50) {
    throw zipFault(file, `member ${quoted(name)} is not where the directory says`);
  }
  const named = start + LOCAL + view.readUInt16LE(start + 26);
  const data = named + view.readUInt16LE(start + 28);
  const end = data + packed;
  const isSame = view.toString('utf8', start + LOCAL, named) === name;
  if (!isSame || end > limit || (method === STORED && packed !== unpacked)) {
    throw zipFault(file, `member ${quoted(name)} is another than the directory says`);
  }
  return { start, data, end };
}
