import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, expect, inject, test } from 'vitest';
import { mdensityJson } from '../../src/cli/testing.ts';
import { encodeNpy, inMemory } from '../../src/data/index.ts';
import { readNpy } from '../../src/data/node/index.ts';
import { findTarget } from '../../src/density/index.ts';
import { createModel, type ModelConfig, openDenoiser } from '../../src/model/index.ts';
import { randomKey } from '../../src/random.ts';
import { createTrainer, decodeCheckpoint, trainingSchema } from '../../src/train/index.ts';
import { checkpointVectors } from '../../src/train/trainer.ts';
import { openPage, startBrowser } from '../testing/browser.ts';
import type { WalkSettings } from './protocol.ts';

const work = await mkdtemp(join(tmpdir(), 'mdensity-files-'));
const at = (name: string) => join(work, name);
afterAll(() => rm(work, { recursive: true }));

const browser = await startBrowser();
const openHarness = async () => (await openPage(browser, inject('harness'))).page;

const model: ModelConfig = {
  parametrization: 'gps',
  view: 'denoised',
  noise: { type: 'gaussian', sigma: 0.7, measurements: 1 },
  shape: [2],
  network: { type: 'mlp', width: 128, layers: 3 },
};
const config = trainingSchema.parse({ steps: 30, batch: 16, warmup: 5 });
const points = Float32Array.from(findTarget('two-moons').sample(randomKey(1), 64));

const walk: Omit<WalkSettings, 'jumpEvery'> = {
  chains: 3,
  measurements: 1,
  kernel: 'sachs',
  stepSize: 0.5,
  friction: 0.5,
  seed: 5,
  walk: 'joint',
};

/** Trains in the page, perhaps from a checkpoint, and gives back what it made. */
const trainInPage = (page: Page, steps: number, checkpoint?: Uint8Array) =>
  page.evaluate(
    async ({ model, config, points, steps, checkpoint, walk }) => {
      const data = { name: 'points', shape: [2], values: Float32Array.from(points) };
      const from = checkpoint && { checkpoint: Uint8Array.from(checkpoint) };
      const training = await window.engine.startTraining(
        { model, config, data, device: 'cpu', ...from },
        { onSteps: () => {}, onFailure: () => {}, onDevice: () => {} },
      );
      const reports = await training.advance(steps);
      const [samples, file, saved] = [
        await training.samples(walk, 20),
        await training.exportModel(),
        await training.checkpoint(),
      ];
      return {
        losses: reports.map(({ loss }) => loss),
        samples: [...samples],
        file: [...file],
        saved: [...saved],
      };
    },
    { model, config, points: [...points], steps, checkpoint: checkpoint && [...checkpoint], walk },
  );

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThan(tolerance);
  }
}

test('what was learned in the page is walked by the command line, to the same chains', async () => {
  const { samples, file, saved } = await trainInPage(await openHarness(), 30);
  await writeFile(at('page.onnx'), Uint8Array.from(file));
  await mdensityJson(
    ...['sample', '--model', at('page.onnx'), '--chains', '3', '--burn-in', '0', '--seed', '5'],
    ...['--steps', '20', '--jump-every', '20', '--friction', '0.5', '--out', at('samples.npy')],
  );
  const { data, shape } = await readNpy(at('samples.npy'));
  expect(shape).toEqual([3, 1, 2]);
  expectClose(samples, data as Float32Array, 1e-3);

  const { specs } = createModel(model);
  const kept = decodeCheckpoint(Uint8Array.from(saved), specs, checkpointVectors(config), 'saved');
  expect({ step: kept.step, seed: kept.seed }).toEqual({ step: 30, seed: 0 });
});

test('a run of the command line is opened, and goes on in the page as it does in Node', async () => {
  await writeFile(at('points.npy'), encodeNpy(points, [64, 2]));
  await mdensityJson(
    ...['train', '--net', 'mlp', '--data', at('points.npy'), '--sigma', '0.7', '--steps', '10'],
    ...['--batch', '16', '--warmup', '5', '--validation', '0', '--out', at('run')],
  );
  const onnx = await readFile(at('run/model.onnx'));
  const page = await openHarness();
  const opened = await page.evaluate(
    async (bytes) => {
      const { engine } = window;
      const { config, parameters } = await engine.readTrained(Uint8Array.from(bytes), 'model.onnx');
      const { id } = await engine.openModel(Uint8Array.from(bytes), 'model.onnx', {
        device: 'cpu',
      });
      const xhat = await engine.denoise(id, Float32Array.of(0, 1, -2, 3));
      await engine.closeModel(id);
      const closed = await engine
        .denoise(id, xhat)
        .catch(({ name, message }) => `${name}: ${message}`);
      return { config, count: parameters.length, xhat: [...xhat], closed };
    },
    [...onnx],
  );
  expect(opened.config).toEqual(model);
  expect(opened.closed).toBe('UserError: this model was closed; open it again');
  const xhat = new Float32Array(4);
  await (await openDenoiser(onnx, 'model.onnx')).denoise(Float32Array.of(0, 1, -2, 3), xhat);
  expectClose(opened.xhat, xhat, 1e-5);

  const bytes = await readFile(at('run/checkpoints/step-00000010.safetensors'));
  const { losses } = await trainInPage(page, 5, bytes);
  const { specs } = createModel(model);
  const checkpoint = decodeCheckpoint(bytes, specs, checkpointVectors(config), 'run');
  const dataset = { name: 'points', count: 64, shape: [2], hash: '', ...inMemory(points, 64) };
  const trainer = await createTrainer({ model: createModel(model), dataset, config, checkpoint });
  const expected = [];
  for (let i = 0; i < 5; i++) expected.push((await trainer.next()).loss);
  expectClose(losses, expected, 1e-4);
});

test('files that are no models are refused in one line', async () => {
  const page = await openHarness();
  const said = await page.evaluate(async () => {
    const { engine } = window;
    const say = (work: Promise<unknown>) =>
      work.then(
        () => 'taken',
        ({ name, message }) => `${name}: ${message}`,
      );
    const text = new TextEncoder().encode('{"not": "a model"}');
    return [
      await say(engine.openModel(text, 'notes.json')),
      await say(engine.openModel(new Uint8Array(0), 'empty.onnx')),
      await say(engine.readTrained(text, 'notes.json')),
      await say(engine.fetchBoxModel('mnits')),
    ];
  });
  expect(said).toEqual([
    expect.stringMatching(/^GraphError: notes\.json: [^\n]*$/),
    expect.stringMatching(/^GraphError: empty\.onnx: [^\n]*$/),
    expect.stringMatching(/^GraphError: notes\.json: [^\n]*$/),
    'UserError: model "mnits": is not in the box; there are cifar10, cifar10-family, fashion, fashion-family, mnist, mnist-family',
  ]);
});
