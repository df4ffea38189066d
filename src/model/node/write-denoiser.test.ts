import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sizeOf } from '../../graph/index.ts';
import { readOnnxFile, readOpenable } from '../../graph/node/read-onnx-file.ts';
import { openDenoiser } from '../denoiser-file.ts';
import { needsFileBeside } from '../export-denoiser.ts';
import { diffusers } from '../pretrained/diffusers.ts';
import { readPretrained } from '../pretrained/index.ts';
import { diffusersFolder, noisyImage } from '../pretrained/testing.ts';
import { readTrainedModel } from '../weights.ts';
import { writeDenoiser } from './write-denoiser.ts';

const folder = mkdtempSync(join(tmpdir(), 'mdensity-beside-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { config, parameters } = readPretrained(diffusersFolder('diffusers-ddpm'), {
  recipe: diffusers,
});

/** x̂ of a file, opened from its path or from its bytes. */
async function estimate(path: string, from: 'path' | 'bytes'): Promise<Float32Array> {
  const bytes = from === 'path' ? new Uint8Array(readFileSync(path)) : await readOnnxFile(path);
  const file = await openDenoiser(bytes, path, from === 'path' ? { path } : {});
  const y = noisyImage(0.25, sizeOf(config.shape));
  const xhat = new Float32Array(y.length);
  await file.denoise(y, xhat);
  await file.release();
  return xhat;
}

test.each([false, true])(
  'weights beside the model are the same model, read by the runtime or inside (half %s)',
  async (half) => {
    const [whole, apart] = [join(folder, `whole ${half}.onnx`), join(folder, `apart ${half}.onnx`)];
    expect(await writeDenoiser(whole, config, parameters, { half })).toEqual([whole]);
    const files = await writeDenoiser(apart, config, parameters, { half, beside: true });
    expect(files).toEqual([apart, `${apart}.data`]);
    const bytes = (half ? 2 : 4) * parameters.length;
    // Short ones stay in the model.
    expect(statSync(files[1]!).size / bytes).toBeGreaterThan(0.8);
    const expected = await estimate(whole, 'bytes');
    expect(await estimate(apart, 'path')).toEqual(expected);
    expect(await estimate(apart, 'bytes')).toEqual(expected);
    expect(readTrainedModel(await readOnnxFile(apart), apart)).toEqual(
      readTrainedModel(await readOnnxFile(whole), whole),
    );
    // As they fit, they are read inside.
    expect((await readOpenable(apart)).path).toBeUndefined();
  },
);

test('two GiB of weights are what one file cannot hold', () => {
  expect(needsFileBeside(500_000_000, false)).toBe(false);
  expect(needsFileBeside(552_814_086, false)).toBe(true);
  expect(needsFileBeside(552_814_086, true)).toBe(false);
});
