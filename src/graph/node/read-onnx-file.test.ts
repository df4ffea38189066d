import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import { afterAll, describe, expect, test } from 'vitest';
import { exportOnnx } from '../export.ts';
import { openOnnx } from '../onnx-file.ts';
import * as ops from '../ops/index.ts';
import { readOnnx } from '../read-onnx.ts';
import { constant } from '../tensor.ts';
import { readOnnxFile } from './read-onnx-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'mdensity-onnx-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const values = Float32Array.of(2, -3, 4);
const whole = exportOnnx({
  build: (x) => ops.mul(x, constant(values, [3], 'scale')),
  shape: [3],
  inputName: 'x',
  outputName: 'y',
});

/**
 * The model with its weights in another file, as PyTorch writes it, and the entries that say so.
 */
function apart(entries: Readonly<Record<string, string>>): Uint8Array {
  const model = fromBinary(ModelProtoSchema, whole);
  const scale = model.graph!.initializer.find(({ name }) => name === 'scale')!;
  scale.rawData = new Uint8Array(0);
  scale.dataLocation = TensorProto_DataLocation.EXTERNAL;
  scale.externalData = Object.entries(entries).map(([key, value]) => ({
    $typeName: 'onnx.StringStringEntryProto',
    key,
    value,
  }));
  return toBinary(ModelProtoSchema, model);
}

let models = 0;
/** Writes a model and what lies beside it, in a folder of its own. */
function put(entries: Readonly<Record<string, string>>, beside: Uint8Array | undefined): string {
  const own = join(folder, `${models++}`);
  mkdirSync(own);
  if (beside) writeFileSync(join(own, 'model.onnx.data'), beside);
  writeFileSync(join(own, 'model.onnx'), apart(entries));
  return join(own, 'model.onnx');
}

const data = new Uint8Array(4096 + 12);
data.set(new Uint8Array(values.buffer), 4096);
const right = { location: 'model.onnx.data', offset: '4096', length: '12' };

test('weights beside the model are brought inside, and it runs', async () => {
  const path = put(right, data);
  const bytes = await readOnnxFile(path);
  expect(readOnnx(bytes, path).constants().scale).toEqual({ shape: [3], data: values });
  const file = await openOnnx(bytes, path, { device: 'cpu' });
  const out = new Float32Array(3);
  await file.run(Float32Array.of(1, 1, 2), out);
  expect([...out]).toEqual([2, -3, 8]);
  await file.release();
});

test('a model that is whole is left alone', async () => {
  const path = join(folder, 'whole.onnx');
  writeFileSync(path, whole);
  expect(Buffer.compare(await readOnnxFile(path), whole)).toBe(0);
});

describe('one error of one line', () => {
  test.each([
    ['no file there', right, undefined, 'not-found'],
    ['a path upwards', { ...right, location: '../0/model.onnx.data' }, data, 'unreadable'],
    ['a path from the root', { ...right, location: '/etc/passwd' }, data, 'unreadable'],
    ['a path of Windows', { ...right, location: 'c:\\data' }, data, 'unreadable'],
    ['no path', { offset: '0' }, data, 'unreadable'],
    ['past the end', { ...right, offset: '4100' }, data, 'unreadable'],
    ['another length', { ...right, length: '8' }, data, 'unreadable'],
    ['a length of no number', { ...right, length: '-12' }, data, 'unreadable'],
    ['a length beyond all', { ...right, length: '99999999999999999999' }, data, 'unreadable'],
  ])('%s', async (_, entries, beside, code) => {
    const path = put(entries, beside);
    await expect(readOnnxFile(path)).rejects.toMatchObject({
      name: 'GraphError',
      code,
      message: expect.stringMatching(/^[^\n]*$/),
    });
  });

  test('a link that leads out of the folder', async () => {
    writeFileSync(join(folder, 'secret'), data);
    const path = put(right, undefined);
    symlinkSync(join(folder, 'secret'), join(path, '..', 'model.onnx.data'));
    await expect(readOnnxFile(path)).rejects.toMatchObject({ facts: { location: right.location } });
  });

  test('numbers that do not fit their shape, and shapes of constants beyond all memory', () => {
    const changed = (change: (model: ReturnType<typeof parse>) => void) => {
      const model = parse();
      change(model);
      return () => readOnnx(toBinary(ModelProtoSchema, model), 'f');
    };
    const parse = () => fromBinary(ModelProtoSchema, whole);
    const scaleOf = (model: ReturnType<typeof parse>) =>
      model.graph!.initializer.find(({ name }) => name === 'scale')!;
    const unreadable = expect.objectContaining({ code: 'unreadable' });
    expect(changed((model) => scaleOf(model).dims.push(5n))).toThrow(unreadable);
    expect(changed((model) => scaleOf(model).dims.fill(-3n))).toThrow(unreadable);
    const grown = changed((model) => {
      const shape = scaleOf(model);
      Object.assign(shape, { dims: [2n], dataType: 7 });
      shape.rawData = new Uint8Array(BigInt64Array.of(1n << 20n, 1n << 20n).buffer);
      model.graph!.node[0]!.opType = 'ConstantOfShape';
      model.graph!.node[0]!.input = ['scale'];
    });
    expect(grown).toThrow(
      expect.objectContaining({ facts: expect.objectContaining({ values: 2 ** 40 }) }),
    );
  });
});

test('numbers that are not raw bytes are read too', () => {
  const model = fromBinary(ModelProtoSchema, whole);
  const scale = model.graph!.initializer.find(({ name }) => name === 'scale')!;
  Object.assign(scale, { rawData: new Uint8Array(0), floatData: [...values] });
  const { constants } = readOnnx(toBinary(ModelProtoSchema, model), 'f');
  expect(constants().scale).toEqual({ shape: [3], data: values });
});
