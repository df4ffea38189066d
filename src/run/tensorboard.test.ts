import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BinaryReader, type WireType } from '@bufbuild/protobuf/wire';
import { expect, test } from 'vitest';
import { crc32c, maskedCrc, openEvents } from './tensorboard.ts';
import { runsFolder } from './testing.ts';

const folder = runsFolder();
const ascii = (text: string) => new TextEncoder().encode(text);

test('CRC-32C gives the check values of RFC 3720, appendix B.4, and of the CRC catalogue', () => {
  expect(crc32c(ascii('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

test('its mask is that of TFRecord: the 8 bytes of a length of 24 as TensorFlow writes them', () => {
  // Every events file starts with the record of its version: 24 bytes, then this checksum.
  expect(maskedCrc(Uint8Array.of(0x18, 0, 0, 0, 0, 0, 0, 0))).toBe(0x224b7fa3);
});

interface Fields {
  readonly [field: number]: number | bigint | string | Uint8Array;
}

/** One message, field by field, by the wire format alone; of a repeated field the last. */
function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields: Record<number, number | bigint | string | Uint8Array> = {};
  const read: Readonly<Record<number, (field: number) => number | bigint | string | Uint8Array>> = {
    0: () => reader.int64(),
    1: () => reader.double(),
    2: () => reader.bytes(),
    5: () => reader.float(),
  };
  while (reader.pos < reader.len) {
    const [field, type]: [number, WireType] = reader.tag();
    fields[field] = read[type]!(field);
  }
  return fields;
}

/** The records of a file, its framing checked by the TFRecord format; a cut one ends it. */
async function recordsOf(path: string): Promise<Uint8Array[]> {
  const bytes = Uint8Array.from(await readFile(path));
  const view = new DataView(bytes.buffer);
  const records: Uint8Array[] = [];
  for (let at = 0; at + 12 <= bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true)).toBe(maskedCrc(bytes.subarray(at, at + 8)));
    if (at + 16 + length > bytes.length) break;
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 12 + length, true)).toBe(maskedCrc(data));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** Events of a folder as a reader sees them: files by name, steps purged where a session starts. */
async function eventsIn(directory: string): Promise<Fields[]> {
  const names = (await readdir(directory)).filter((name) => name.includes('tfevents')).sort();
  const events: Fields[] = [];
  for (const name of names) {
    const [version, ...records] = (await recordsOf(join(directory, name))).map(fieldsOf);
    expect(new TextDecoder().decode(version![3] as Uint8Array)).toBe('brain.Event:2');
    for (const record of records) {
      if (record[7] === undefined) events.push(record);
      else {
        expect(fieldsOf(record[7] as Uint8Array)).toEqual({ 1: 1n });
        const kept = events.filter((event) => (event[2] as bigint) < (record[2] as bigint));
        events.splice(0, events.length, ...kept);
      }
    }
  }
  return events;
}

const valueIn = (event: Fields) => fieldsOf(fieldsOf(event[5] as Uint8Array)[1] as Uint8Array);

test('scalars and pictures come back', async () => {
  const directory = folder;
  const events = await openEvents(directory, 0);
  await events.write({ step: 20, scalars: { loss: 0.5 } });
  const png = Uint8Array.of(1, 2, 3);
  await events.write({
    step: 2 ** 40,
    images: { samples: { width: 7, height: 5, channels: 3, png } },
  });
  const [scalar, picture] = await eventsIn(directory);
  expect(scalar![1]).toBeGreaterThan(1.7e9);
  expect(scalar![2]).toBe(20n);
  expect(valueIn(scalar!)).toEqual({ 1: ascii('loss'), 2: 0.5 });
  expect(picture![2]).toBe(2n ** 40n);
  const value = valueIn(picture!);
  expect(value[1]).toEqual(ascii('samples'));
  expect(fieldsOf(value[4] as Uint8Array)).toEqual({ 1: 5n, 2: 7n, 3: 3n, 4: png });
});

test('a resumed run shows each step once, also after a file that was cut', async () => {
  const directory = runsFolder();
  const first = await openEvents(directory, 0);
  for (const step of [5, 10, 15]) await first.write({ step, scalars: { loss: step } });
  const [name] = await readdir(directory);
  const bytes = await readFile(join(directory, name!));
  await writeFile(join(directory, name!), bytes.subarray(0, -3));
  // Killed after step 15, resumed from the checkpoint of step 8.
  const second = await openEvents(directory, 8);
  for (const step of [10, 15, 20]) await second.write({ step, scalars: { loss: -step } });
  expect(await readdir(directory)).toHaveLength(2);
  const seen = await eventsIn(directory);
  expect(seen.map((event) => [event[2], valueIn(event)[2]])).toEqual([
    [5n, 5],
    [10n, -10],
    [15n, -15],
    [20n, -20],
  ]);
});

test('a folder that is not there is one line', async () => {
  const events = await openEvents(join(folder, 'nowhere'), 0);
  await expect(events.write({ step: 1, scalars: {} })).rejects.toThrow(
    /nowhere.*its folder does not exist/,
  );
});
