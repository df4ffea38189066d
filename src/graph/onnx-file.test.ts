import { describe, expect, test } from 'vitest';
import { createEmitter } from './emitter.ts';
import { GraphError } from './error.ts';
import { exportOnnx } from './export.ts';
import { lowerGraph, type Tensors } from './lower.ts';
import { encodeModel } from './onnx.ts';
import { openOnnx } from './onnx-file.ts';
import * as ops from './ops/index.ts';
import { input } from './tensor.ts';

const open = (bytes: Uint8Array) => openOnnx(bytes, 'run/model.onnx', { device: 'cpu' });

/** A file of static shapes, of any inputs and outputs. */
const encode = (inputs: Tensors, outputs: Tensors) =>
  encodeModel(lowerGraph(inputs, outputs, createEmitter('portable', 0)));

const good = exportOnnx({
  build: (x) => ops.mul(x, 2),
  shape: [2, 3],
  inputName: 'noisy',
  outputName: 'clean',
});
const x = input('x', [4, 3]);
const p = input('p', [4]);
const i = input('i', [4, 3], 'int64');

describe('openOnnx', () => {
  test('runs any batch into the array it is given', async () => {
    const file = await open(good);
    expect(file.shape).toEqual([2, 3]);
    expect(file.metadata).toEqual({});
    const out = new Float32Array(12);
    await file.run(
      Float32Array.from({ length: 12 }, (_, i) => i),
      out,
    );
    expect([...out]).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22]);
    await file.release();
  });

  test('values that are no whole number of examples, or an output of another size', async () => {
    const file = await open(good);
    for (const [given, room] of [
      [7, 7],
      [6, 12],
    ] as const) {
      await expect(file.run(new Float32Array(given), new Float32Array(room))).rejects.toThrow(
        `run/model.onnx: takes a whole number of examples of [2, 3], not ${given} values into ${room}`,
      );
    }
    await file.release();
  });

  test.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(), 'not an ONNX file, or cut short'],
    ['text', new TextEncoder().encode('<!doctype html><html>'), 'not an ONNX file, or cut short'],
    ['of two inputs', encode({ x, z: input('z', [4, 3]) }, { y: x }), 'has 2 inputs and 1 outputs'],
    ['of two outputs', encode({ x }, { y: ops.neg(x), z: x }), 'has 1 inputs and 2 outputs'],
    [
      'that changes the shape',
      encode({ x }, { y: ops.reshape(x, [4, 3, 1]) }),
      'input [3] and output [3, 1] differ',
    ],
    ['without a batch', encode({ p }, { y: p }), '"p" must be [batch, ...]'],
    ['of integers', encode({ i }, { y: i }), '"i" must be float32'],
  ])('a file %s', async (_, bytes, message) => {
    const opening = open(bytes);
    await expect(opening).rejects.toThrow(GraphError);
    await expect(opening).rejects.toThrow(/^run\/model\.onnx: [^\n]*$/);
    await expect(opening).rejects.toThrow(message);
  });

  test('a file cut short anywhere', async () => {
    for (let length = 0; length < good.length; length += 7) {
      const opening = open(good.subarray(0, length));
      await expect(opening).rejects.toThrow(GraphError);
      await expect(opening).rejects.toThrow(/^run\/model\.onnx: [^\n]*$/);
    }
  });

  test('a node that the runtime does not know', async () => {
    const text = Buffer.from(good).toString('latin1').replace('\x03Mul', '\x03Mux');
    await expect(open(Buffer.from(text, 'latin1'))).rejects.toThrow(
      /^run\/model\.onnx: the runtime cannot open it \([^\n]*Mux[^\n]*\)$/,
    );
  });
});
