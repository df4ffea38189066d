import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { createEmitter } from './emitter.ts';
import { GraphError } from './error.ts';
import { exportOnnx } from './export.ts';
import { lowerGraph, type Tensors } from './lower.ts';
import { encodeModel, type OnnxValue } from './onnx.ts';
import { openOnnx } from './onnx-file.ts';
import * as ops from './ops/index.ts';
import { input } from './tensor.ts';

const open = (bytes: Uint8Array) => openOnnx(bytes, 'run/model.onnx', { device: 'cpu' });

/** A file of static shapes, of any inputs and outputs. */
const encode = (inputs: Tensors, outputs: Tensors) =>
  encodeModel(lowerGraph(inputs, outputs, createEmitter('portable', 0)));

/** max(a, 0), with the shapes it is said to have. */
const relu = (shape: OnnxValue['shape'], outShape: OnnxValue['shape']) =>
  encodeModel({
    nodes: [{ op: 'Relu', domain: '', inputs: ['a'], outputs: ['b'], attributes: {} }],
    constants: [],
    inputs: [{ name: 'a', dtype: 'float32', shape }],
    outputs: [{ name: 'b', dtype: 'float32', shape: outShape }],
  });

/** A file whose weights are said to be in another. */
function withExternalWeights(): Uint8Array {
  const model = fromBinary(ModelProtoSchema, good);
  model.graph!.initializer[0]!.dataLocation = TensorProto_DataLocation.EXTERNAL;
  return toBinary(ModelProtoSchema, model);
}

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

  test('a batch that is cut in parts, whole or not, and one that is empty', async () => {
    const file = await open(good);
    for (const examples of [12_001, 5461, 5462, 0]) {
      const x = Float32Array.from({ length: 6 * examples }, (_, i) => i);
      const out = new Float32Array(x.length);
      await file.run(x, out);
      expect(out.every((value, i) => value === 2 * i)).toBe(true);
    }
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

  test('a fixed batch is filled in parts', async () => {
    const z = input('z', [4, 3]);
    const file = await open(encode({ z }, { y: ops.mul(z, 2) }));
    expect([file.batch, file.shape]).toEqual([4, [3]]);
    for (const count of [1, 4, 10]) {
      const given = Float32Array.from({ length: 3 * count }, (_, i) => i);
      const out = new Float32Array(given.length);
      await file.run(given, out);
      expect(out).toEqual(given.map((value) => 2 * value));
    }
    await file.release();
  });

  test('sizes of the output that the file leaves open are the input’s', async () => {
    const shape = ['batch', 3];
    for (const outShape of [shape, ['batch', 'width'], [4, 'width']]) {
      const file = await open(relu(shape, outShape));
      const out = new Float32Array(12);
      await file.run(new Float32Array(12).fill(-1), out);
      expect([...out]).toEqual(new Array(12).fill(0));
      await file.release();
    }
  });

  test('a batch that the file does not keep', async () => {
    const node = { op: 'Reshape', domain: '', inputs: ['a', 'to'], outputs: ['b'], attributes: {} };
    const value = { dtype: 'float32', shape: ['batch', 3] } as const;
    const to = { name: 'to', dtype: 'int64', shape: [2], data: BigInt64Array.of(1n, 3n) } as const;
    const file = await open(
      encodeModel({
        nodes: [node],
        constants: [to],
        inputs: [{ name: 'a', ...value }],
        outputs: [{ name: 'b', ...value }],
      }),
    );
    await expect(file.run(new Float32Array(6), new Float32Array(6))).rejects.toThrow(
      /^run\/model\.onnx: fails on 2 examples of \[3\] \([^\n]*\)$/,
    );
    await file.release();
  });

  test.each<[string, Uint8Array, string]>([
    ['of open sizes', relu(['n', 3, 'w'], ['n', 3, 'w']), '"a" must be [batch, ...] with fixed'],
    ['of other dimensions', relu(['n', 3], ['n', 3, 1]), 'input [3] and output [3, 1] differ'],
    ['with weights elsewhere', withExternalWeights(), 'keeps its weights in another file'],
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
    ['of integers', encode({ i }, { y: i }), '"i" must be float32, not int64; export it so'],
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
