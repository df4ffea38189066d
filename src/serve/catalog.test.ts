import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { UserError } from '../errors.ts';
import { type LeftOut, openCatalog } from './catalog.ts';
import { smallModel } from './testing.ts';

const work = mkdtempSync(join(tmpdir(), 'mdensity-catalog-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));
const at = (...names: string[]) => join(work, ...names);

test('a damaged model is left out of the list, and told of once', async () => {
  vi.stubEnv('MDENSITY_MODELS', at('box'));
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const [name, bytes] of [
    ['good', smallModel(0.5)],
    ['bad', new Uint8Array([1, 2, 3])],
  ] as const) {
    mkdirSync(at('box', name), { recursive: true });
    writeFileSync(at('box', name, 'model.onnx'), bytes);
  }
  const left: LeftOut[] = [];
  const catalog = await openCatalog(undefined, (one) => left.push(one));
  for (let i = 0; i < 2; i++) {
    expect((await catalog.list()).map(({ name }) => name)).toEqual(['good']);
  }
  expect(left.map(({ model }) => model)).toEqual(['bad']);
  expect(left[0]!.err).toBeInstanceOf(UserError);
  await expect(catalog.find('bad')).rejects.toBeInstanceOf(UserError);
});

test('a file that is replaced is another version, and read anew', async () => {
  const path = at('one.onnx');
  writeFileSync(path, smallModel(0.5));
  const catalog = await openCatalog([path]);
  const first = await catalog.find('one');
  expect(await catalog.find('one')).toBe(first);
  writeFileSync(path, smallModel(0.25));
  const second = await catalog.find('one');
  expect(second!.version).not.toBe(first!.version);
  expect(second!.config.noise).toMatchObject({ sigma: 0.25 });
});

test('two of one name, and names that no request can have, are refused in one line', async () => {
  mkdirSync(at('other'), { recursive: true });
  for (const place of [at('twice.onnx'), at('other', 'twice.onnx'), at('a b.onnx')]) {
    writeFileSync(place, smallModel(0.5));
  }
  await expect(openCatalog([at('twice.onnx'), at('other', 'twice.onnx')])).rejects.toThrow(
    /^models: \S+twice.onnx and \S+other\/twice.onnx would both be asked for as twice; rename one of them$/,
  );
  await expect(openCatalog([at('a b.onnx')])).rejects.toThrow(
    /^models: .+a b.onnx cannot be asked for by its name; call it by letters, digits, _, . and -$/,
  );
});
