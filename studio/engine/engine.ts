/** The page's side of the worker that trains and walks learned models. */
import { proxy, type Remote } from 'comlink';
import type {
  DeviceListener,
  FailureListener,
  FrameListener,
  MeasuringListener,
  ModelFacts,
  StepsListener,
  TrainingControls,
  TrainingRequest,
  TrialListener,
  WalkControls,
  WalkSettings,
  Wish,
} from './protocol.ts';
import { engineWorker } from './workers.ts';

/**
 * A walk or training in the worker: the same functions, each of which comes back with a promise.
 */
export type RemoteWalk = Remote<WalkControls>;
export type RemoteTraining = Remote<TrainingControls>;

const { ask, untilBroken } = engineWorker('engine');

/** Opens an ONNX denoiser; the worker gets a copy of its bytes. @see Engine.openModel */
export const openModel = (
  bytes: Uint8Array,
  name: string,
  options: {
    readonly device?: Wish;
    readonly sigma?: number;
    readonly onDevice?: DeviceListener;
  } = {},
): Promise<ModelFacts> => {
  const { device = 'auto', onDevice = () => {}, ...rest } = options;
  return ask((engine) => engine.openModel(bytes, name, { device, ...rest }, proxy(onDevice)));
};

export const closeModel = (id: number): Promise<void> => ask((engine) => engine.closeModel(id));

/** ν(z), `[n, d]`, of an open model. */
export const denoise = (id: number, z: Float32Array): Promise<Float32Array> =>
  ask((engine) => engine.denoise(id, z));

export const startWalk = (
  id: number,
  settings: WalkSettings,
  onFrame: FrameListener,
  onFailure: FailureListener,
  onMeasured: MeasuringListener = () => {},
): Promise<RemoteWalk> =>
  ask((engine) =>
    engine.startWalk(id, settings, proxy(onFrame), untilBroken(onFailure), proxy(onMeasured)),
  );

/** Finds a step and a friction for a walk; undefined where it was ended. @see WalkControls.tune */
export const tuneOf = (walk: RemoteWalk, onTrial: TrialListener) =>
  ask(() => walk.tune(proxy(onTrial)));

export const startTraining = (
  request: TrainingRequest,
  listeners: {
    readonly onSteps: StepsListener;
    readonly onFailure: FailureListener;
    readonly onDevice: DeviceListener;
  },
): Promise<RemoteTraining> =>
  ask((engine) =>
    engine.startTraining(
      request,
      proxy(listeners.onSteps),
      untilBroken(listeners.onFailure),
      proxy(listeners.onDevice),
    ),
  );

/**
 * Configuration and weights of a file that mdensity trained.
 *
 * @throws UserError for one from elsewhere.
 */
export const readTrained = (bytes: Uint8Array, name: string) =>
  ask((engine) => engine.readTrained(bytes, name));
