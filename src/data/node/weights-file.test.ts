import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { encodeSafeTensors } from '../safetensors.ts';
import { decodeWeights } from './weights-file.ts';
import { openZip } from './zip.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const zipped = fixture('torch-zip.pth');

/** The ZIP fixture with its dictionary inside another pickle. */
function wrapped(around: (state: Buffer) => Buffer): Uint8Array {
  const { names, read } = openZip(zipped, 'a');
  const members = Object.fromEntries(names.map((name) => [name, read(name)]));
  const name = names.find((member) => member.endsWith('data.pkl'))!;
  // Without the protocol before it and the end behind it.
  const state = Buffer.from(members[name]!).subarray(2, -1);
  return zipSync({ ...members, [name]: around(state) }, { level: 0 });
}

const latin = (text: string) => Buffer.from(text, 'latin1');
const named = (name: string) => latin(`X${String.fromCharCode(name.length)}\0\0\0${name}`);

describe('weights of a file', () => {
  test('are read by what the file is, not by its name', () => {
    const tensors = { w: { shape: [2], data: Float32Array.of(1, 2) } };
    const safe = encodeSafeTensors({ tensors, metadata: { a: 'b' } });
    expect(decodeWeights(safe, 'x.pt')).toEqual({
      format: 'safetensors',
      tensors,
      metadata: { a: 'b' },
      passedOver: [],
    });
    for (const bytes of [zipped, fixture('torch-legacy.pth')]) {
      const { format, tensors: found, passedOver } = decodeWeights(bytes, 'x.safetensors');
      expect(format).toBe('torch');
      expect(found.scalar).toEqual({ shape: [], data: Float32Array.of(0.125) });
      // Counters of whole numbers.
      expect(passedOver).toEqual(['num_batches_tracked', 'counts']);
    }
  });

  test('of a checkpoint are the one dictionary of tensors in it', () => {
    // {'epoch': 5, 'lr': {0: 1}, 'state_dict': …}
    const checkpoint = wrapped((state) =>
      Buffer.concat([
        latin('\x80\x02}('),
        ...[named('epoch'), latin('K\x05'), named('lr'), latin('}K\x00K\x01s')],
        ...[named('state_dict'), state, latin('u.')],
      ]),
    );
    const { tensors, passedOver } = decodeWeights(checkpoint, 'x.ckpt');
    expect(tensors.parameter).toEqual({ shape: [2], data: Float32Array.of(7, 8) });
    expect(passedOver).toEqual(['epoch', 'lr', 'num_batches_tracked', 'counts']);
  });

  test('of a checkpoint with two such dictionaries are refused with the list', () => {
    const two = wrapped((state) =>
      Buffer.concat([
        latin('\x80\x02}('),
        ...[named('model'), state, named('ema'), state, named('step'), latin('K\x01u.')],
      ]),
    );
    expect(() => decodeWeights(two, 'x.pt')).toThrow(
      expect.objectContaining({
        code: 'unsupported',
        facts: expect.objectContaining({ states: ['model', 'ema'] }),
      }),
    );
  });

  test.each([
    ['a model', 'a.onnx', latin('\x08\x0a\x12\x00'), 'unsupported'],
    ['text', 'a.pt', latin('hello, this is text'), 'unreadable'],
    ['nothing', 'a.pt', latin(''), 'unreadable'],
    ['another ZIP', 'a.pt', Buffer.from(zipSync({ a: Buffer.of(1) })), 'unreadable'],
  ])('%s is refused', (_, name, bytes, code) => {
    expect(() => decodeWeights(bytes, name)).toThrow(expect.objectContaining({ code }));
  });
});
