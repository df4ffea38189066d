import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mdensityJson } from '../../../src/cli/testing.ts';
import { decodeNpy } from '../../../src/data/npy-decode.ts';
import { openDenoiser } from '../../../src/model/index.ts';
import { walkJump } from '../../../src/sample/index.ts';
import { seriousFindings } from '../../testing/accessibility.ts';
import { expectNoSidewaysScroll } from '../../testing/browser.ts';
import { chooseModel, openView, press, saved, waitForStep } from '../../testing/images.ts';

const work = await mkdtemp(join(tmpdir(), 'mdensity-counts-'));
afterAll(() => rm(work, { recursive: true }));
let onnx: Buffer;

beforeAll(async () => {
  await mdensityJson(
    ...['train', '--parametrization', 'poisson', '--rate', '4', '--background', '0.5'],
    ...['--net', 'digits8', '--data', 'digits8', '--limit', '60', '--batch', '8', '--steps', '60'],
    ...['--warmup', '5', '--threads', '1', '--out', join(work, 'run')],
  );
  onnx = await readFile(join(work, 'run', 'model.onnx'));
  await writeFile(join(work, 'counts.onnx'), onnx);
});

/** Largest difference of a pixel after some steps in the browser and in Node. */
const TOLERANCE = 2e-4;

function expectClose(actual: ArrayLike<number | bigint>, expected: ArrayLike<number | bigint>) {
  expect(actual).toHaveLength(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(Number(actual[i]) - Number(expected[i]))).toBeLessThan(TOLERANCE);
}

test.each(['light', 'dark'] as const)(
  'a model of counts is walked as in Node and by the command that is shown, %s',
  async (colorScheme) => {
    const link = '?v=1&chains=4&jumpEvery=5&seed=3&M=2&open=1';
    const { page, complaints } = await openView(link, { width: 360, colorScheme });
    const mimeType = 'application/octet-stream';
    await chooseModel(page, { name: 'counts.onnx', mimeType, buffer: onnx });
    await waitForStep(page, 5);
    for (const step of [10, 15]) {
      await press(page, 'Step');
      await waitForStep(page, step);
    }
    const samples = await saved(page, 'Samples (NPY)');
    const { data } = decodeNpy(samples.bytes, samples.name);
    // What was learned tells pixels apart, far beyond the tolerance.
    expect(
      Math.max(...(data as Float32Array)) - Math.min(...(data as Float32Array)),
    ).toBeGreaterThan(0.05);
    const model = await openDenoiser(onnx, 'counts');
    const walk = { chains: 4, measurements: 2, steps: 15, jumpEvery: 15, seed: 3 };
    for await (const { xhat } of walkJump(model, walk)) expectClose(data, xhat);
    const command = (await page.locator('pre code').textContent())!;
    expect(command).toMatch(/^mdensity sample --model counts\.onnx --measurements 2 /);
    const out = join(work, 'page.npy');
    const words = command.split(' ').slice(1, -2);
    words[words.indexOf('counts.onnx')] = join(work, 'counts.onnx');
    await mdensityJson(...words, '--out', out);
    const all = decodeNpy(await readFile(out), 'page.npy');
    // [chains, draws, ...]: the last of three draws of each chain.
    expect(all.shape).toEqual([4, 3, 1, 8, 8]);
    const last = [0, 1, 2, 3].flatMap((chain) => [
      ...(all.data as Float32Array).slice((chain * 3 + 2) * 64, (chain * 3 + 3) * 64),
    ]);
    expectClose(data, last);
    // Four chains, fifteen leaps.
    expect(await page.locator('.stage dl dd').nth(2).textContent()).toBe('60');

    const kernel = page.getByRole('combobox', { name: 'Kernel' });
    expect(await kernel.inputValue()).toBe('tau-leap');
    expect(await kernel.locator('option').count()).toBe(2);
    expect(await page.getByRole('combobox', { name: 'Walk' }).isDisabled()).toBe(true);
    expect(await page.getByRole('spinbutton', { name: 'Friction γδ' }).isDisabled()).toBe(true);
    for (const absent of ['Class σ̃', 'Guidance w'])
      expect(await page.getByRole('spinbutton', { name: absent }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Tune step and friction' }).isDisabled()).toBe(
      true,
    );
    await page.getByText('A part is kept under Gaussian noise; this model is of counts.').waitFor();
    await page.getByText(/counts at λ = 2 of x \+ 0\.5; black is 0, white 6\.46/).waitFor();
    await page.getByLabel('Measurement 2', { exact: true }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page);
    const pictures = process.env.MDENSITY_SHOTS;
    if (pictures) await page.screenshot({ path: `${pictures}-${colorScheme}.png`, fullPage: true });

    await kernel.selectOption('birth-death');
    await press(page, 'Step');
    await waitForStep(page, 20);
    // The networks of the box are of Gaussian noise: kernel and controls are theirs again.
    await page.getByRole('combobox', { name: 'Model' }).selectOption('mnist');
    await page.getByText(/The kernel birth-death walks counts/).waitFor();
    expect(await kernel.inputValue()).toBe('sachs');
    expect(complaints).toEqual([]);
  },
);
