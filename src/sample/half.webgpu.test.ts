/**
 * Scores in half precision on a GPU. Needs a device; see `npm run test:webgpu`. A GPU without half
 * precision, such as the software one of Chromium, is to say so.
 */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openDenoiser } from '../model/index.ts';
import { packagePath } from '../package-folder.ts';
import { type HalfReport, withHalfScores } from './half.ts';

test('half precision keeps the estimates of the model in the box, or is refused', async () => {
  const bytes = await readFile(packagePath('models/mnist/model.onnx'));
  const model = await openDenoiser(bytes, 'mnist', { device: 'webgpu' });
  const reports: HalfReport[] = [];
  const onReport = (report: HalfReport) => reports.push(report);
  try {
    const walked = await withHalfScores(model, bytes, 'mnist', { device: 'webgpu', onReport });
    expect(reports[0]!.change).toBeGreaterThan(0);
    expect(reports[0]!.change).toBeLessThan(2e-3);
    await walked.release();
  } catch (error) {
    expect(String((error as Error).cause)).toMatch(/f16/);
    expect((error as Error).message).toBe(
      'precision half: this GPU, or its driver, has none; leave it out',
    );
    await model.release();
  }
});
