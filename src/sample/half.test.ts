import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { packagePath } from '../package-folder.ts';
import { openBytes } from '../run/model-file.ts';

test.each([{}, { device: 'cpu' } as const])(
  'half precision is refused with %o',
  async (options) => {
    const bytes = await readFile(packagePath('models/mnist/model.onnx'));
    await expect(
      openBytes(bytes, 'mnist', { ...options, precision: 'half' }),
    ).rejects.toMatchObject({
      code: 'unsupported',
      facts: { option: 'precision', value: 'half' },
      message:
        'precision half: is arithmetic of a GPU, not of the CPU; add --device webgpu, or take int8',
    });
  },
);
