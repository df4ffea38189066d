import type { Browser, Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import type { ModelConfig } from '../../src/model/index.ts';
import { trainingSchema } from '../../src/train/index.ts';
import { openPage, softwareGpu, startBrowser } from '../testing/browser.ts';
import type { DeviceReport, WalkFrame, WalkSettings } from './protocol.ts';

async function crashGpu(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession();
  await session.send('Browser.crashGpuProcess');
}

const settings: WalkSettings = {
  chains: 1,
  measurements: 1,
  kernel: 'sachs',
  stepSize: 0.5,
  friction: 0.5,
  seed: 4,
  walk: 'joint',
  jumpEvery: 1,
};

interface Lost {
  readonly devices: DeviceReport[];
  readonly frames: number[][];
  step(): Promise<void>;
}

/** Starts a walk of the model in the box, kept as `walk` of the page's window. */
const startWalk = (page: Page, device: 'cpu' | 'webgpu') =>
  page.evaluate(
    async ({ device, settings }) => {
      const { engine } = window;
      const devices: DeviceReport[] = [];
      const frames: number[][] = [];
      const onDevice = (report: DeviceReport) => devices.push(report);
      const bytes = await engine.fetchBoxModel('mnist');
      const model = await engine.openModel(bytes, 'mnist', { device, onDevice });
      devices.push(model.device);
      const take = ({ step, xhat }: WalkFrame) => {
        frames.push([step, ...xhat]);
      };
      const walk = await engine.startWalk(model.id, settings, take, () => {});
      Object.assign(window, { walk: { devices, frames, step: () => walk.step() } satisfies Lost });
    },
    { device, settings },
  );

const walked = async (page: Page) =>
  page.evaluate(async () => {
    const { walk } = window as unknown as { walk: Lost };
    await walk.step();
    return { devices: walk.devices, frames: walk.frames };
  });

test('a walk goes on where the GPU is lost, as if it had never been there', async () => {
  const browser = await startBrowser(softwareGpu);
  const { page } = await openPage(browser, inject('harness'));
  await startWalk(page, 'webgpu');
  await walked(page);
  await crashGpu(browser);
  await walked(page);
  const { devices, frames } = await walked(page);
  expect(devices.map(({ device }) => device)).toEqual(['webgpu', 'cpu']);
  expect(devices[1]!.why).toMatch(/^on the processor.*was lost\)$/);

  const { page: other } = await openPage(browser, inject('harness'));
  await startWalk(other, 'cpu');
  for (let i = 0; i < 2; i++) await walked(other);
  const { frames: expected } = await walked(other);
  expect(frames.map(([step]) => step)).toEqual([1, 2, 3]);
  frames.flat().forEach((value, i) => {
    expect(Math.abs(value - expected.flat()[i]!)).toBeLessThan(1e-4);
  });
});

const model: ModelConfig = {
  parametrization: 'gps',
  view: 'denoised',
  noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
  shape: [2],
  network: { type: 'mlp', width: 8, layers: 1 },
};

test('a training goes back to its last checkpoint and on from there', async () => {
  const browser = await startBrowser(softwareGpu);
  const { page } = await openPage(browser, inject('harness'));
  const config = trainingSchema.parse({ steps: 100, batch: 8 });
  await page.evaluate(
    async ({ model, config }) => {
      const values = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i));
      const devices: DeviceReport[] = [];
      const training = await window.engine.startTraining(
        { model, config, data: { name: 'points', shape: [2], values }, device: 'webgpu' },
        { onSteps: () => {}, onFailure: () => {}, onDevice: (report) => devices.push(report) },
      );
      Object.assign(window, { training, devices });
    },
    { model, config },
  );
  const advance = (steps: number) =>
    page.evaluate(async (steps) => {
      const { training, devices } = window as unknown as {
        training: Awaited<ReturnType<typeof window.engine.startTraining>>;
        devices: DeviceReport[];
      };
      const reports = await training.advance(steps);
      return { steps: reports.map(({ step }) => step), devices };
    }, steps);
  // The checkpoint of step 50 is kept before the step after it.
  await advance(52);
  await crashGpu(browser);
  const { steps, devices } = await advance(3);
  expect(devices.map(({ device }) => device)).toEqual(['webgpu', 'cpu']);
  expect(devices[1]!.why).toMatch(/goes on from step 50\)$/);
  expect(steps[0]).toBe(51);
  expect(steps.at(-1)).toBe(55);
});
