/** What a parametrization costs at one M, in a process of its own. */

import { type Dataset, inMemory } from '../../data/index.ts';
import { sizeOf } from '../../data/shape.ts';
import { compile, input, mul } from '../../graph/index.ts';
import { createModel, exportDenoiser, openDenoiser } from '../../model/index.ts';
import { countParameters, initializeParameters } from '../../nn/index.ts';
import { fillUniform, randomKey } from '../../random.ts';
import { createTrainer, trainingSchema } from '../../train/index.ts';
import { modelOf } from './protocol.ts';
import type { CostRow } from './row.ts';
import type { CostTask } from './tasks.ts';

type Cost = Pick<CostRow, 'parameters' | 'stepSeconds' | 'peakBytes' | 'callSeconds'>;

/** Steps and calls before those that are timed. */
const WARM = 2;
/** Calls that the shortest is taken of. */
const CALLS = 9;

/**
 * Trains a few steps on noise and calls the denoiser a few times, on one core. Memory is the
 * largest that the process ever held, compiling included: to be called once, in a process that did
 * nothing before.
 * @throws UserError if a step does not fit in memory.
 */
export async function measureCost(task: CostTask): Promise<Cost> {
  const { entry, protocol, measurements } = task;
  const config = modelOf(entry, { ...protocol, measurements });
  const model = createModel(config);
  await startRuntime();
  const before = peakMemory();
  const { seed, training, cost } = protocol;
  const trainer = await createTrainer({
    model,
    dataset: noise(task),
    device: 'cpu',
    threads: 1,
    stepsPerCall: 1,
    // A step costs the same at any rate; at this one none diverges.
    config: trainingSchema.parse({ ...training, seed, learningRate: 1e-5 }),
  });
  const stepSeconds = await shortestTime(cost.steps, async () => {
    await trainer.next();
  });
  const peakBytes = peakMemory() - before;
  await trainer.release();
  const parameters = initializeParameters(model.specs, seed);
  const callSeconds = await timeCalls(exportDenoiser(config, parameters), task);
  return { parameters: countParameters(model.specs), stepSeconds, peakBytes, callSeconds };
}

/** Seconds of a denoiser call for each chain of the protocol's walks. */
async function timeCalls(bytes: Uint8Array, { entry, protocol }: CostTask): Promise<number> {
  const denoiser = await openDenoiser(bytes, entry.name, { device: 'cpu', threads: 1 });
  const { chains } = protocol.walk;
  const size = denoiser.shape.reduce((product, length) => product * length, denoiser.stacked ?? 1);
  const y = new Float32Array(chains * size);
  fillUniform(randomKey(protocol.seed), 0, y);
  if (denoiser.rate !== undefined) y.set(y.map((value) => Math.round(4 * value)));
  const out = new Float32Array(y.length);
  const seconds = await shortestTime(CALLS, () => {
    // Somewhere else each time: a model with an energy remembers where it was asked last.
    y[0]! += 1;
    return denoiser.denoise(y, out);
  });
  await denoiser.release();
  return seconds / chains;
}

/** Loads the runtime: its own memory is nobody's cost. */
async function startRuntime(): Promise<void> {
  const x = input('x', [1]);
  const options = { inputs: { x }, outputs: { y: mul(x, 2) }, device: 'cpu', threads: 1 } as const;
  const program = await compile(options);
  await program({ x: Float32Array.of(1) });
  await program.release();
}

/** Bytes. */
const peakMemory = () => process.resourceUsage().maxRSS * 1024;

/**
 * Seconds of core time: waiting for a core that others have is not counted. Other work makes it
 * longer alone.
 */
async function shortestTime(count: number, work: () => Promise<void>): Promise<number> {
  for (let i = 0; i < WARM; i++) await work();
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1e6);
  }
  return Math.min(...times);
}

/** A batch of examples like the data's. */
function noise({ protocol, bytes }: CostTask): Dataset {
  const { shape, training } = protocol;
  const size = sizeOf(shape);
  const values = new Float32Array(training.batch * size);
  fillUniform(randomKey(protocol.seed), 1, values);
  const data = bytes ? Uint8Array.from(values, (value) => 255 * value) : values;
  const count = training.batch;
  return { name: 'noise', count, shape, hash: 'none', ...inMemory(data, count) };
}
