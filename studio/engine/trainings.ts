/** Training in the worker: the library's own trainer, played and paused from the page. */

import { type Dataset, inMemory } from '../../src/data/dataset.ts';
import { UserError } from '../../src/errors.ts';
import { exportDenoiser } from '../../src/model/export-denoiser.ts';
import { createModel, type DenoiserModel } from '../../src/model/model.ts';
import { walkJump } from '../../src/sample/walk-jump.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import {
  checkpointVectors,
  createTrainer,
  type StepReport,
  type Trainer,
} from '../../src/train/trainer.ts';
import { compileDenoiser, type LiveDenoiser } from '../../src/train/validation.ts';
import { afterLoss, chooseDevice, isDeviceError, lineOf, onProcessor } from './device.ts';
import { createPlayer } from './player.ts';
import type {
  DeviceListener,
  DeviceReport,
  FailureListener,
  StepsListener,
  TrainingControls,
  TrainingData,
  TrainingRequest,
} from './protocol.ts';

/** Longest time between two reports, in milliseconds. */
const REPORT = 50;
/** Steps between two checkpoints that are kept in case a GPU is lost. */
const KEEP_EVERY = 50;
/** Values of the examples that the moving average denoises at a time, and the most examples. */
const [VALUES, ROWS] = [16 * 784, 512];
/** Bytes that a page's engine can have: what 32 bits can address. */
const MEMORY = 2 ** 32;

export interface TrainingListeners {
  readonly onSteps: StepsListener;
  readonly onFailure: FailureListener;
  readonly onDevice: DeviceListener;
}

/** A training at work on one device. */
interface Session {
  trainer: Trainer;
  device: DeviceReport;
  /** Where to go back to if the device is lost. */
  kept: Checkpoint | undefined;
  /** The moving average as a denoiser, made when it is first asked for. */
  live: Promise<LiveDenoiser> | undefined;
}

/** A training that rests before its first step. @throws UserError as `createTrainer`. */
export async function createTraining(
  request: TrainingRequest,
  { onSteps, onFailure, onDevice }: TrainingListeners,
): Promise<TrainingControls> {
  const model = createModel(request.model);
  const { config } = request;
  const session = await openSession(request, model, onDevice);
  const advance = async (most: number): Promise<StepReport[]> => {
    const left = Math.min(most, config.steps - session.trainer.step);
    return left > 0 ? advanceOrFallBack(session, { request, model, onDevice }, left) : [];
  };
  const round = async () => {
    const reports: StepReport[] = [];
    const until = performance.now() + REPORT;
    while (session.trainer.step < config.steps && performance.now() < until) {
      reports.push(...(await advance(1)));
    }
    await onSteps(reports);
    return session.trainer.step < config.steps;
  };
  const fail = (error: unknown) => onFailure(lineOf(error));
  const { play, pause, between } = createPlayer({ round, onFailure: fail });
  const average = () => liveDenoiser(session, model);
  return {
    stepsMade: () => session.trainer.step,
    play,
    pause,
    advance: (steps) =>
      between(async () => {
        const end = session.trainer.step + steps;
        const reports: StepReport[] = [];
        while (session.trainer.step < Math.min(end, config.steps)) {
          reports.push(...(await advance(end - session.trainer.step)));
        }
        return reports;
      }),
    samples: (settings, steps) =>
      between(async () => {
        const walk = walkJump(await average(), { ...settings, steps, jumpEvery: steps });
        for await (const { xhat } of walk) return xhat;
        throw new UserError('steps: give at least one');
      }),
    denoise: (z) =>
      between(async () => {
        const out = new Float32Array(z.length);
        await (await average()).denoise(z, out);
        return out;
      }),
    exportModel: () =>
      between(async () => owned(exportDenoiser(request.model, await session.trainer.average()))),
    checkpoint: () =>
      between(async () => owned(encodeCheckpoint(await session.trainer.checkpoint(), model.specs))),
    close: async () => {
      pause();
      await between(() => release(session));
    },
  };
}

/** Bytes that go to the page: none are shared with anything here. */
const owned = (bytes: Uint8Array) => Uint8Array.from(bytes);

async function openSession(
  request: TrainingRequest,
  model: DenoiserModel,
  onDevice: DeviceListener,
): Promise<Session> {
  const { checkpoint, config } = request;
  const kept =
    checkpoint &&
    decodeCheckpoint(checkpoint, model.specs, checkpointVectors(config), 'checkpoint');
  let device = await chooseDevice(request.device);
  let trainer: Trainer;
  try {
    trainer = await openTrainer(request, model, device, kept);
  } catch (error) {
    if (!isDeviceError(device.device, error)) throw error;
    device = onProcessor(`the graphics processor cannot train this: ${lineOf(error)}`);
    trainer = await openTrainer(request, model, device, kept);
  }
  onDevice(device);
  return { trainer, device, kept, live: undefined };
}

function openTrainer(
  { config, data, start }: TrainingRequest,
  model: DenoiserModel,
  { device }: DeviceReport,
  checkpoint: Checkpoint | undefined,
): Promise<Trainer> {
  return createTrainer({
    model,
    config,
    device,
    start,
    dataset: datasetOf(data),
    memory: MEMORY,
    ...(checkpoint && { checkpoint }),
  });
}

function datasetOf({ name, shape, values }: TrainingData): Dataset {
  const size = shape.reduce((product, length) => product * length, 1);
  const count = values.length / size;
  if (!Number.isInteger(count) || count < 1) {
    throw new UserError(
      `${name}: ${values.length} values are no whole number of examples of ${size}; give at least one example`,
    );
  }
  // The hash is for records of runs on disk.
  return { name, count, shape, hash: '', ...inMemory(values, count) };
}

interface Plan {
  readonly request: TrainingRequest;
  readonly model: DenoiserModel;
  readonly onDevice: DeviceListener;
}

/**
 * Makes steps; where the GPU is lost, goes back to the last checkpoint and on from there on the
 * processor.
 */
async function advanceOrFallBack(
  session: Session,
  { request, model, onDevice }: Plan,
  most: number,
): Promise<StepReport[]> {
  const { trainer, device } = session;
  try {
    if (device.device === 'webgpu' && trainer.step - (session.kept?.step ?? 0) >= KEEP_EVERY) {
      session.kept = await trainer.checkpoint();
    }
    return await trainer.advance(most);
  } catch (error) {
    if (!isDeviceError(device.device, error)) throw error;
    const { kept } = session;
    await release(session).catch(() => undefined);
    session.device = afterLoss(error, `; training goes on from step ${kept?.step ?? 0}`);
    session.trainer = await openTrainer(request, model, session.device, kept);
    onDevice(session.device);
    return session.trainer.advance(most);
  }
}

async function liveDenoiser(session: Session, model: DenoiserModel): Promise<LiveDenoiser> {
  const size = model.inputShape.reduce((product, length) => product * length, 1);
  const rows = Math.min(ROWS, Math.ceil(VALUES / size));
  session.live ??= compileDenoiser({ model, rows, device: session.device.device });
  const live = await session.live;
  live.load(await session.trainer.average());
  return live;
}

async function release(session: Session): Promise<void> {
  const live = session.live;
  session.live = undefined;
  await (await live)?.release();
  await session.trainer.release();
}
