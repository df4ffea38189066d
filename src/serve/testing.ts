/** Applications for tests: without a port, their walks done at once or as a test says. */
import {
  createModel,
  exportDenoiser,
  type ModelConfig,
  modelConfigSchema,
} from '../model/index.ts';
import { findPreset, initializeParameters } from '../nn/index.ts';
import { createApp } from './app.ts';
import type { Catalog, ServedModel } from './catalog.ts';
import type { WalkTask } from './child/protocol.ts';
import { CHAINS } from './children.ts';
import { createCosts } from './cost.ts';
import { createJobs } from './jobs.ts';
import { readKeys } from './keys.ts';
import { type Limits, usualLimits } from './limits.ts';
import { createMetrics } from './metrics.ts';
import type { TaskEvents, Walkers } from './walkers.ts';

/** A task that a test decides about. */
export interface Given {
  readonly task: WalkTask;
  readonly events: TaskEvents;
  stopped: boolean;
}

/** A small model of 2 × 2 images. */
export const smallConfig = (sigma: number): ModelConfig =>
  modelConfigSchema.parse({
    parametrization: 'gps',
    view: 'denoised',
    shape: [1, 2, 2],
    noise: { type: 'gaussian', sigma, measurements: 1 },
    network: findPreset('mlp').config,
  });

/** Its file, untrained. */
export function smallModel(sigma: number): Uint8Array {
  const config = smallConfig(sigma);
  const start = initializeParameters(createModel(config).specs, 0);
  return exportDenoiser(
    config,
    start.map((value, i) => value + 0.02 * Math.sin(i)),
  );
}

const digits: ServedModel = {
  name: 'digits',
  path: 'digits.onnx',
  version: '1',
  config: {
    parametrization: 'gps',
    view: 'noise',
    noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
    shape: [1, 2, 2],
    network: { type: 'mlp', hidden: [4] } as never,
  },
};
const plane: ServedModel = { ...digits, name: 'plane', config: { ...digits.config, shape: [2] } };
/** Known at every level from 0.25 to 1: walked one measurement after another, where nothing is said. */
const family: ServedModel = {
  ...digits,
  name: 'family',
  path: 'family.onnx',
  config: {
    ...digits.config,
    noise: { type: 'gaussian', sigma: 1, measurements: 16, levels: { from: 0.25, to: 1 } },
  },
};
const models = [digits, plane, family];

const catalog: Catalog = {
  names: () => models.map(({ name }) => name),
  find: async (name) => models.find((model) => model.name === name),
  list: async () => models,
};

export interface TestAppOptions {
  readonly limits?: Partial<Limits>;
  readonly keys?: string;
  /** Does the walk of a task when it comes; default: nothing, the test does. */
  readonly walk?: (given: Given) => void;
}

/** Makes an application whose tasks are a test's to do. */
export function testApp({ limits, keys, walk }: TestAppOptions = {}) {
  const tasks: Given[] = [];
  const lines: unknown[] = [];
  const state = { draining: false, ready: true };
  const walkers: Walkers = {
    chains: CHAINS,
    submit: (task, events) => {
      const given: Given = { task, events, stopped: false };
      tasks.push(given);
      walk?.(given);
      return () => {
        given.stopped = true;
      };
    },
    ready: () => 1,
    problem: () => undefined,
    stop: async () => {},
  };
  const all = { ...usualLimits, ...limits };
  const costs = createCosts();
  const jobs = createJobs({ walkers, limits: all, costs });
  const metrics = createMetrics({ queued: () => 0, running: () => 0, ready: () => 1 });
  const log = {
    info: (line: unknown) => lines.push(line),
    error: (line: unknown) => lines.push(line),
  };
  const app = createApp({
    catalog,
    jobs,
    metrics,
    log,
    limits: all,
    keys: readKeys(keys),
    isDraining: () => state.draining,
    problem: () => (state.ready ? undefined : 'about to end'),
    hosts: ['localhost'],
  });
  return { app, tasks, lines, state, costs, jobs };
}

/** An application that nobody asks for samples. */
export const quietApp = () => testApp().app;

/** Walks a task at once: the numbers of a jump are its index. */
export function walkAtOnce({ task, events }: Given): void {
  const { request, walk, chains } = task;
  const every = walk.jumpEvery!;
  events.started();
  for (let index = 0; index < Math.floor(walk.steps / every); index++) {
    const width = request.model === 'plane' ? 2 : 4;
    events.jump(index, (index + 1) * every, new Float32Array(chains * width).fill(index));
  }
  events.done();
}
