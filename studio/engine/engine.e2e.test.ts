import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { inMemory } from '../../src/data/index.ts';
import {
  createModel,
  exportDenoiser,
  type ModelConfig,
  openDenoiser,
} from '../../src/model/index.ts';
import { findPreset } from '../../src/nn/index.ts';
import { packagePath } from '../../src/package-folder.ts';
import { walkJump } from '../../src/sample/index.ts';
import { createTrainer, trainingSchema } from '../../src/train/index.ts';
import { noGpu, openPage, softwareGpu, startBrowser } from '../testing/browser.ts';
import type { WalkFrame, WalkSettings } from './protocol.ts';

const browsers: Readonly<Record<'cpu' | 'webgpu', Browser>> = {
  cpu: await startBrowser(noGpu),
  webgpu: await startBrowser(softwareGpu),
};

const settings: WalkSettings = {
  chains: 2,
  measurements: 2,
  kernel: 'sachs',
  stepSize: 0.5,
  friction: 0.5,
  seed: 4,
  walk: 'joint',
  jumpEvery: 4,
};

/** Largest difference of a pixel after 8 steps; pixels are of [0, 1]. */
const WALK_TOLERANCE = 2e-4;

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(actual.length).toBe(expected.length);
  const most = Array.from(expected).reduce(
    (worst, value, i) => Math.max(worst, Math.abs(value - actual[i]!)),
    0,
  );
  expect(most).toBeLessThan(tolerance);
}

test.each(['cpu', 'webgpu'] as const)(
  'the walk of the model in the box on %s is that of Node',
  async (device) => {
    const { page, complaints } = await openPage(browsers[device], inject('harness'));
    const walked = await page.evaluate(
      async ({ device, settings }) => {
        const { engine } = window;
        const shares: number[] = [];
        const bytes = await engine.fetchBoxModel('mnist', {
          onProgress: ({ share }) => shares.push(share!),
        });
        const model = await engine.openModel(bytes, 'mnist', { device });
        const frames: number[][] = [];
        const take = ({ step, ybar, xhat }: WalkFrame) => {
          frames.push([step, ...ybar, ...xhat]);
        };
        const walk = await engine.startWalk(model.id, settings, take, (message) => {
          throw new Error(message);
        });
        await walk.step();
        await walk.step();
        return { frames, device: model.device, shares };
      },
      { device, settings },
    );
    expect(walked.device.device).toBe(device);
    expect(walked.shares.at(-1)).toBe(1);
    const bytes = await readFile(packagePath('models/mnist/model.onnx'));
    const denoiser = await openDenoiser(bytes, 'mnist');
    const expected: number[][] = [];
    for await (const { step, ybar, xhat } of walkJump(denoiser, { ...settings, steps: 8 })) {
      expected.push([step, ...ybar, ...xhat]);
    }
    expect(walked.frames).toHaveLength(2);
    walked.frames.forEach((frame, i) => {
      expect(frame[0]).toBe(4 * (i + 1));
      expectClose(frame, expected[i]!, WALK_TOLERANCE);
    });
    expect(complaints).toEqual([]);
  },
);

test.each(['cpu', 'webgpu'] as const)(
  'one measurement after another, each chain of the next class, on %s is as in Node',
  async (device) => {
    const { page, complaints } = await openPage(browsers[device], inject('harness'));
    const walk = { chains: 2, kernel: 'sachs', stepSize: 0.7, friction: 0.25, seed: 4 } as const;
    const asked = { ...walk, walk: 'sequential', effectiveSigma: 0.8, jumpEvery: 4 } as const;
    const walked = await page.evaluate(
      async ({ device, settings }) => {
        const { engine } = window;
        const bytes = await engine.fetchBoxModel('mnist-family');
        const { id, levels, classes } = await engine.openModel(bytes, 'mnist-family', { device });
        const frames: number[][] = [];
        const take = ({ step, ybar, xhat }: WalkFrame) => {
          frames.push([step, ...ybar, ...xhat]);
        };
        const walk = await engine.startWalk(id, settings, take, (message) => {
          throw new Error(message);
        });
        await walk.step();
        const y = await walk.measurements(1);
        return { frames, levels, names: classes?.names, y: y.length / 784 };
      },
      { device, settings: { ...asked, measurements: 1, class: 'each' } satisfies WalkSettings },
    );
    expect(walked).toMatchObject({ levels: { from: 0.2, to: 1.6 }, names: [...'0123456789'] });
    // M = (1.6/0.8)².
    expect(walked.y).toBe(4);
    const bytes = await readFile(packagePath('models/mnist-family/model.onnx'));
    const opened = { sigma: 0.8, condition: { class: ['0', '1'] } };
    const model = await openDenoiser(bytes, 'mnist-family', opened);
    const expected: number[][] = [];
    for await (const { step, ybar, xhat } of walkJump(model, { ...asked, steps: 4 })) {
      expected.push([step, ...ybar, ...xhat]);
    }
    expect(walked.frames).toHaveLength(1);
    expectClose(walked.frames[0]!, expected[0]!, WALK_TOLERANCE);
    expect(complaints).toEqual([]);
  },
);

test('a walk is played, changed while it plays, and paused; one that diverges is told', async () => {
  const { page, complaints } = await openPage(browsers.cpu, inject('harness'));
  const seen = await page.evaluate(async (settings) => {
    const { engine } = window;
    const { id } = await engine.openModel(await engine.fetchBoxModel('mnist'), 'mnist');
    const steps: number[] = [];
    let wanted = { count: 0, reached: () => {} };
    const frames = (count: number) =>
      new Promise<void>((reached) => {
        wanted = { count: steps.length + count, reached };
      });
    const failure = { hear: (_: string) => {} };
    const take = ({ step }: WalkFrame) => {
      steps.push(step);
      if (steps.length >= wanted.count) wanted.reached();
    };
    const failed = new Promise<string>((resolve) => {
      failure.hear = resolve;
    });
    const walk = await engine.startWalk(id, settings, take, (message) => failure.hear(message));
    await walk.play();
    await frames(2);
    await walk.change({ ...settings, measurements: 3, walk: 'mean' });
    const refused = await walk
      .change({ ...settings, kernel: 'mala' })
      .catch(({ name, message }) => `${name}: ${message}`);
    await frames(2);
    const y = await walk.measurements(1);
    await walk.pause();
    // Whatever was under way has ended when this comes back.
    await walk.measurements(0);
    const paused = steps.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    const later = steps.length;
    await walk.change({ ...settings, stepSize: 1e30 });
    await walk.play();
    const last = steps.at(-1)!;
    return { steps, refused, size: y.length, paused, later, last, failure: await failed };
  }, settings);
  expect(seen.steps.length).toBeGreaterThanOrEqual(4);
  seen.steps.forEach((step, i) => {
    expect(step).toBe(4 * (i + 1));
  });
  expect(seen.refused).toMatch(/^UserError: kernel: mala needs the log-density/);
  expect(seen.size).toBe(3 * 784);
  expect(seen.later).toBe(seen.paused);
  expect(seen.failure).toMatch(/^chain \d, step \d+: .*try/);
  // Steps are counted from the start of the walk, not from the last change.
  expect(Number(seen.failure.match(/step (\d+)/)![1])).toBeGreaterThan(seen.last);
  expect(complaints).toEqual([]);
});

const model: ModelConfig = {
  parametrization: 'gps',
  view: 'denoised',
  noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
  shape: [2],
  network: findPreset('mlp').config,
};
const config = trainingSchema.parse({ steps: 12, batch: 32, warmup: 2, seed: 3 });
const points = Float32Array.from({ length: 200 }, (_, i) => 2 * Math.sin(i) + (i % 3));

async function trainInNode(steps: number) {
  const dataset = { name: 'points', count: 100, shape: [2], hash: '', ...inMemory(points, 100) };
  const trainer = await createTrainer({
    model: createModel(model),
    dataset,
    config,
    device: 'cpu',
  });
  const losses: number[] = [];
  while (trainer.step < steps) {
    losses.push(...(await trainer.advance(steps - trainer.step)).map(({ loss }) => loss));
  }
  const average = await trainer.average();
  await trainer.release();
  return { losses, average };
}

test.each(['cpu', 'webgpu'] as const)('training on %s is that of Node', async (device) => {
  const { page, complaints } = await openPage(browsers[device], inject('harness'));
  const trained = await page.evaluate(
    async ({ model, config, points, device }) => {
      const data = { name: 'points', shape: [2], values: Float32Array.from(points) };
      const devices: string[] = [];
      const training = await window.engine.startTraining(
        { model, config, data, device },
        {
          onSteps: () => {},
          onFailure: (message) => {
            throw new Error(message);
          },
          onDevice: (report) => devices.push(report.device),
        },
      );
      const reports = await training.advance(12);
      const file = await training.exportModel();
      return { losses: reports.map(({ loss }) => loss), file: [...file], devices };
    },
    { model, config, points: [...points], device },
  );
  const { losses, average } = await trainInNode(12);
  expect(trained.devices).toEqual([device]);
  expect(trained.losses).toHaveLength(12);
  expectClose(trained.losses, losses, 1e-4);

  // What was learned comes here as a file, which denoises as Node's own.
  const z = Float32Array.from({ length: 40 }, (_, i) => Math.cos(i) * 3);
  const [there, here] = [new Float32Array(40), new Float32Array(40)];
  const theirs = await openDenoiser(Uint8Array.from(trained.file), 'trained in the page');
  const ours = await openDenoiser(exportDenoiser(model, average), 'trained in Node');
  await theirs.denoise(z, there);
  await ours.denoise(z, here);
  expectClose(there, here, 1e-4);
  expect(complaints).toEqual([]);
});

test('on more cores the processor has threads, with the same results', async () => {
  const { page, complaints } = await openPage(browsers.cpu, inject('harness'));
  const cores = 'Object.defineProperty(navigator, "hardwareConcurrency", { value: 3 });';
  await page.route(/worker-[^/]*[.]js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${await response.text()};${cores}` });
  });
  const { device, xhat } = await page.evaluate(async () => {
    const { engine } = window;
    const { id, device } = await engine.openModel(await engine.fetchBoxModel('mnist'), 'mnist');
    return { device, xhat: [...(await engine.denoise(id, new Float32Array(784).fill(0.5)))] };
  });
  expect(device).toMatchObject({ device: 'cpu', threads: 2 });
  const denoiser = await openDenoiser(await readFile(packagePath('models/mnist/model.onnx')), '');
  const expected = new Float32Array(784);
  await denoiser.denoise(new Float32Array(784).fill(0.5), expected);
  expectClose(xhat, expected, 1e-4);
  expect(complaints).toEqual([]);
});

test('a worker that breaks down is told, and the next call starts another', async () => {
  const { page } = await openPage(browsers.cpu, inject('harness'));
  const scripts = /worker-[^/]*[.]js$/;
  await page.route(scripts, (route) => route.fulfill({ status: 500 }));
  const open = () =>
    page.evaluate(async () => {
      const { engine } = window;
      const bytes = await engine.fetchBoxModel('mnist');
      return engine.openModel(bytes, 'mnist', { device: 'cpu' }).then(
        ({ shape }) => shape.join(),
        ({ message }: Error) => message,
      );
    });
  expect(await open()).toMatch(/^the engine has broken down.*; start again, or reload the page$/);
  await page.unroute(scripts);
  expect(await open()).toBe('1,28,28');
});

test('left to choose, a GPU that is a program is passed over, and the reason is given', async () => {
  const why = async (browser: Browser) => {
    const { page } = await openPage(browser, inject('harness'));
    return page.evaluate(async () => {
      const { engine } = window;
      const { device } = await engine.openModel(await engine.fetchBoxModel('mnist'), 'mnist');
      return `${device.device}: ${device.why}`;
    });
  };
  expect(await why(browsers.webgpu)).toMatch(/^cpu: on the processor, .* adapter is a program/);
  expect(await why(browsers.cpu)).toMatch(/^cpu: on the processor, .* (no WebGPU|no graphics)/);
});
