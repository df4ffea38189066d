/** The page's side: one worker for all of it, started when a view first needs it. */
import { proxy, type Remote, wrap } from 'comlink';
import type {
  DeviceListener,
  Engine,
  FailureListener,
  FrameListener,
  ModelFacts,
  StepsListener,
  TrainingControls,
  TrainingRequest,
  WalkControls,
  WalkSettings,
  Wish,
} from './protocol.ts';

/** A walk or training in the worker: the same functions, each of which comes back with a promise. */
export type RemoteWalk = Remote<WalkControls>;
export type RemoteTraining = Remote<TrainingControls>;

let engine: Remote<Engine> | undefined;

function start(): Remote<Engine> {
  engine ??= wrap<Engine>(
    new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'engine' }),
  );
  return engine;
}

/** Opens an ONNX denoiser; its bytes go to the worker and are gone here. @see Engine.openModel */
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
  return start().openModel(bytes, name, { device, ...rest }, proxy(onDevice));
};

export const closeModel = (id: number): Promise<void> => start().closeModel(id);

/** ν(z), `[n, d]`, of an open model. */
export const denoise = (id: number, z: Float32Array): Promise<Float32Array> =>
  start().denoise(id, z);

export const startWalk = (
  id: number,
  settings: WalkSettings,
  onFrame: FrameListener,
  onFailure: FailureListener,
): Promise<RemoteWalk> => start().startWalk(id, settings, proxy(onFrame), proxy(onFailure));

export const startTraining = (
  request: TrainingRequest,
  listeners: {
    readonly onSteps: StepsListener;
    readonly onFailure: FailureListener;
    readonly onDevice: DeviceListener;
  },
): Promise<RemoteTraining> =>
  start().startTraining(
    request,
    proxy(listeners.onSteps),
    proxy(listeners.onFailure),
    proxy(listeners.onDevice),
  );

/** Configuration and weights of a file that mdensity trained. @throws UserError for one from elsewhere. */
export const readTrained = (bytes: Uint8Array, name: string) => start().readTrained(bytes, name);
