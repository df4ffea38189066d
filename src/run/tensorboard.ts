import { appendFile, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { systemCode, writeError } from '../files.ts';

/**
 * TensorBoard's event files: TFRecords of `Event` messages (tensorflow/core/util/event.proto and
 * framework/summary.proto). Only the fields that scalars and pictures need are written.
 */
export interface TensorBoardEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly scalars?: Readonly<Record<string, number>>;
  readonly images?: Readonly<Record<string, TensorBoardImage>>;
}

export interface TensorBoardImage {
  readonly width: number;
  readonly height: number;
  /** 1 for grey, 3 for red, green, blue, 4 with opacity. */
  readonly channels: number;
  readonly png: Uint8Array;
}

/** Where a run's numbers go for TensorBoard to show. */
export interface EventWriter {
  /** Appends one record and closes the file again: nothing is lost when the process is killed. */
  write(event: Omit<TensorBoardEvent, 'wallTime'>): Promise<void>;
}

/**
 * Writes to an events file of its own in the folder, beside those of the processes before it. What
 * a killed process logged after `step` is purged by its readers (an event `SessionLog.START`), so
 * that no step shows twice. The file is made at the first event.
 */
export async function openEvents(directory: string, step: number): Promise<EventWriter> {
  const path = join(directory, await nextName(directory));
  let begun = false;
  return {
    write: async (event) => {
      const wallTime = Date.now() / 1000;
      const opening = begun ? [] : [fileVersion(wallTime), sessionStart(wallTime, step + 1)];
      const events = [...opening, encodeEvent({ ...event, wallTime })];
      await appendFile(path, Buffer.concat(events.map(frameRecord))).catch((error: unknown) => {
        throw writeError(error, path);
      });
      begun = true;
    },
  };
}

/** Readers take files in the order of their names: that of time, and of writing within a second. */
async function nextName(directory: string): Promise<string> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw writeError(error, directory);
  });
  const taken = names.filter((name) => name.startsWith(PREFIX)).length;
  const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
  return `${PREFIX}${seconds}.${String(taken).padStart(4, '0')}.${hostname()}.${process.pid}`;
}

const PREFIX = 'events.out.tfevents.';

/** Field numbers of `Event`, `Summary.Value`, `Summary.Image` and `SessionLog`. */
const event = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const summary = { value: 1 } as const;
const value = { tag: 1, simpleValue: 2, image: 4 } as const;
const image = { height: 1, width: 2, colorspace: 3, encoded: 4 } as const;
const sessionLog = { status: 1, start: 1 } as const;

const at = (wallTime: number) =>
  new BinaryWriter().tag(event.wallTime, WireType.Bit64).double(wallTime);

/** The first event of a file. */
function fileVersion(wallTime: number): Uint8Array {
  return at(wallTime)
    .tag(event.fileVersion, WireType.LengthDelimited)
    .string('brain.Event:2')
    .finish();
}

/** Tells readers to forget events of this step and later ones. */
function sessionStart(wallTime: number, step: number): Uint8Array {
  return at(wallTime)
    .tag(event.step, WireType.Varint)
    .int64(step)
    .tag(event.sessionLog, WireType.LengthDelimited)
    .fork()
    .tag(sessionLog.status, WireType.Varint)
    .int32(sessionLog.start)
    .join()
    .finish();
}

function encodeEvent({ wallTime, step, scalars = {}, images = {} }: TensorBoardEvent): Uint8Array {
  const out = at(wallTime).tag(event.step, WireType.Varint).int64(step);
  out.tag(event.summary, WireType.LengthDelimited).fork();
  for (const [tag, number] of Object.entries(scalars)) {
    startValue(out, tag).tag(value.simpleValue, WireType.Bit32).float(number).join();
  }
  for (const [tag, { width, height, channels, png }] of Object.entries(images)) {
    startValue(out, tag).tag(value.image, WireType.LengthDelimited).fork();
    out.tag(image.height, WireType.Varint).int32(height);
    out.tag(image.width, WireType.Varint).int32(width);
    out.tag(image.colorspace, WireType.Varint).int32(channels);
    out.tag(image.encoded, WireType.LengthDelimited).bytes(png).join().join();
  }
  return out.join().finish();
}

const startValue = (out: BinaryWriter, tag: string) =>
  out
    .tag(summary.value, WireType.LengthDelimited)
    .fork()
    .tag(value.tag, WireType.LengthDelimited)
    .string(tag);

/** A TFRecord: length (8 bytes), masked CRC of it, data, masked CRC of them; little-endian. */
function frameRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return record;
}

/**
 * Computes the checksum of TFRecords: CRC-32C turned by 15 bits, plus a constant, so that it is
 * none of itself.
 */
export function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Computes CRC-32C (Castagnoli; RFC 3720, appendix B.4): polynomial 0x1EDC6F41, reflected. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ castagnoli[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

const castagnoli = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});
