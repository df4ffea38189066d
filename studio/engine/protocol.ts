/** What the page and its worker say to each other: plain data and typed arrays alone. */
import type { ProxyMarked } from 'comlink';
import type { NoiseLevels } from '../../src/density/index.ts';
import type { Divergence } from '../../src/errors.ts';
import type { Device } from '../../src/graph/device.ts';
import type { ClassCondition, ModelConfig } from '../../src/model/index.ts';
import type { CountKernelName, KernelName } from '../../src/sample/kernels/index.ts';
import type { MeasuringProgress, WalkKind } from '../../src/sample/options.ts';
import type { TrainingConfig } from '../../src/train/config.ts';
import type { StepReport } from '../../src/train/trainer.ts';
import type { TargetChoice } from '../target/fields.ts';

/** What the reader asked for: `auto` takes WebGPU on a real adapter, else the processor. */
export type Wish = Exclude<Device, 'cuda'>;

/** What work runs on, and why not on something else. */
export interface DeviceReport {
  readonly device: 'webgpu' | 'cpu';
  /** Threads on the processor. */
  readonly threads: number;
  /** A sentence for the reader. */
  readonly why: string;
}

/** Hears of a device that was chosen, or had to be changed in the middle. */
export type DeviceListener = (report: DeviceReport) => void;

/** Counts y_m ~ Poisson(λ(x + b)) that a model takes the sum of. */
export interface CountNoise {
  /** Mλ, which is the class; λ = `rate` / M. */
  readonly rate: number;
  /** b, in units of x. */
  readonly background: number;
}

/** What a model may be told, and its own noise; a file from elsewhere says nothing of it. */
export interface Told {
  /** σ̃ that it stands at, unless it is told another. */
  readonly sigma?: number;
  /** Its noise levels σ̃; absent where it is of one. */
  readonly levels?: NoiseLevels;
  /** Absent where it knows none. */
  readonly classes?: ClassCondition;
  /** Of a model of counts; absent where the noise is Gaussian. */
  readonly counts?: CountNoise;
}

/** A model that the worker holds. */
export interface ModelFacts extends Told {
  /** Names it in later calls. */
  readonly id: number;
  /** Shape of one example. */
  readonly shape: readonly number[];
  /** Noise σ̃ of its class; σ where it sees M = `stacked` measurements together; 0 of counts. */
  readonly sigma: number;
  readonly stacked: number;
  /** Whether kernels with an accept test can walk it. */
  readonly hasEnergy: boolean;
  /** Absent for a file from elsewhere. */
  readonly config: ModelConfig | undefined;
  readonly device: DeviceReport;
}

/** What is known of x: the chains walk what is open, given it. */
export interface KeptPart {
  /** `[d]`: other than 0 where a number is known. */
  readonly mask: Uint8Array;
  /** `[d]`, the same for all chains; read where the mask says so. */
  readonly values: Float32Array;
  /** s within which jumps are held to it; absent where it is measured once, as y is, and kept. */
  readonly noise?: number | undefined;
}

/** How to walk; lengths as in the library's `walkJump`, in units of σ. */
export interface WalkSettings {
  readonly chains: number;
  /** M; of a sequential walk the class decides it, see `memberOf`. */
  readonly measurements: number;
  /** The class σ̃, of a model of several levels; its own by default. */
  readonly effectiveSigma?: number;
  /** A class by its number, or each chain the next one; none by default. */
  readonly class?: number | 'each' | undefined;
  /** w of classifier-free guidance to the class; 1 by default. */
  readonly guidance?: number;
  readonly kept?: KeptPart | undefined;
  /** One of counts for a model of counts, and for no other. */
  readonly kernel: KernelName | CountKernelName;
  /** Of counts: in lifetimes of a count. */
  readonly stepSize: number;
  readonly friction: number;
  readonly walk: WalkKind;
  /** Steps from one frame, with its jumps, to the next. */
  readonly jumpEvery: number;
  readonly seed: number;
}

/** All chains at one jump. The arrays are the receiver's. */
export interface WalkFrame {
  readonly step: number;
  /** ȳ and x̂, `[chains, d]`. */
  readonly ybar: Float32Array<ArrayBuffer>;
  readonly xhat: Float32Array<ArrayBuffer>;
  /** Acceptance probability `[chains]`, from kernels with an accept test. */
  readonly acceptance?: Float64Array<ArrayBuffer>;
  /** Calls of the network for the steps since the frame before, of a walk over counts. */
  readonly calls?: number;
  /** Seconds of work since the frame before. */
  readonly seconds: number;
}

/**
 * Takes a frame; the next is made when it has returned, so a slow page slows the walk, not itself.
 */
export type FrameListener = (frame: WalkFrame) => void | Promise<void>;

/** Hears how far a jump has come that is made one measurement after another. */
export type MeasuringListener = (progress: MeasuringProgress) => void;

/** Hears how many settings of a walk were tried, of the most there may be. */
export type TrialListener = (done: number, of: number) => void;

/** Hears why playing ended by itself: one line for the reader. */
export type FailureListener = (message: string) => void;

/** What a tuning found. */
export interface Tuning {
  readonly stepSize: number;
  readonly friction: number;
}

/** A walk in the worker. */
export interface WalkControls {
  /** Makes frames until `pause`. */
  play(): void;
  pause(): void;
  /** Makes one frame and comes back when it was taken. */
  step(): Promise<void>;
  /**
   * Goes on with other settings from where the chains stand. With the same kernel, member and walk
   * noise and velocities go on too; another seed, number of chains or kept part starts again. A
   * sequential walk makes every jump anew: it goes on with what is next.
   */
  change(settings: WalkSettings): Promise<void>;
  /**
   * Puts chain `index` to x, `[d]`, under fresh noise, such as y_m = x + σ ε_m, and makes a frame; refused
   * for a sequential walk, which would begin anew at once.
   */
  place(index: number, x: Float32Array): Promise<void>;
  /** Starts again from the seed. */
  reset(): Promise<void>;
  /**
   * Finds the step size and the friction of these settings from short walks of its own, 8 chains or
   * more, between two frames; undefined where it was ended. Nothing changes by it.
   */
  tune(onTrial: TrialListener & ProxyMarked): Promise<Tuning | undefined>;
  /** Ends the tuning under way. */
  endTuning(): void;
  /**
   * y of one chain at the latest frame, `[M, d]`; residuals are drawn exactly where a mean was
   * walked.
   */
  measurements(index: number): Promise<Float32Array>;
  /** Ends it, and comes back when nothing of it is under way any more. */
  close(): Promise<void>;
}

/** A walk in the plane; names and units are those of `mdensity walk`. */
export interface PlaneWalkSettings {
  /** σ, in the unit of x. */
  readonly sigma: number;
  readonly measurements: number;
  readonly kernel: KernelName;
  /** In units of σ. */
  readonly stepSize: number;
  /** γδ of one step. */
  readonly friction: number;
  readonly inverseMass: number;
  readonly walk: WalkKind;
  /** Steps from one jump to the next. */
  readonly jumpEvery: number;
  readonly chains: number;
  readonly seed: number;
}

/** What is walked in the plane, and how. */
export interface PlaneWalk {
  /** The density of x, as links say it. */
  readonly choice: TargetChoice;
  /** An open model whose ν is walked in place of the exact one. */
  readonly model?: number | undefined;
  readonly settings: PlaneWalkSettings;
}

/** Asks for jumps of every chain, and the steps before each. */
export interface PlaneWish {
  /** As many, at least one, unless they take longer than so many milliseconds. */
  readonly jumps: number;
  readonly milliseconds: number;
  /** The chain whose measurements are wanted after the last jump. */
  readonly look?: number | undefined;
}

/** Jumps that follow each other. The arrays are the receiver's. */
export interface PlaneSteps {
  /** How many, and the step of each. */
  readonly count: number;
  readonly steps: readonly number[];
  /** ȳ and x̂, `[count, chains, 2]`. */
  readonly ybar: Float32Array<ArrayBuffer>;
  readonly xhat: Float32Array<ArrayBuffer>;
  /** Acceptance probability `[count, chains]`, from kernels with an accept test. */
  readonly acceptance?: Float64Array<ArrayBuffer>;
  /** The measurements that were wanted, `[M, 2]`. */
  readonly y?: Float32Array<ArrayBuffer>;
  /** Why there are no more: errors lose what they say beside their message on the way. */
  readonly failure?: PlaneFailure;
}

/** Why a walk in the plane ended. */
export interface PlaneFailure {
  /** One line. */
  readonly text: string;
  /** Where numbers left all bounds, if it was that. */
  readonly at?: Divergence;
}

/** Examples to learn from: bytes 0..255 for images, floats as they are. */
export interface TrainingData {
  readonly name: string;
  /** Of one example. */
  readonly shape: readonly number[];
  /** `[count, ...shape]`. */
  readonly values: Float32Array | Uint8Array;
}

export interface TrainingRequest {
  readonly model: ModelConfig;
  readonly config: TrainingConfig;
  readonly data: TrainingData;
  readonly device: Wish;
  /** Parameters to start from, in the order of the model's specs, such as those of a file. */
  readonly start?: Float32Array;
  /** Bytes of a checkpoint of this model and configuration, to go on from. */
  readonly checkpoint?: Uint8Array;
}

/** Reports of the steps since the last call; the next are made when it has returned. */
export type StepsListener = (reports: readonly StepReport[]) => void | Promise<void>;

/** A training in the worker. */
export interface TrainingControls {
  /** Steps made. */
  stepsMade(): number;
  /** Trains until `pause`, the last step of the configuration, or a failure. */
  play(): void;
  pause(): void;
  /** Makes so many steps, or as many as are left, and comes back. */
  advance(steps: number): Promise<readonly StepReport[]>;
  /** Jumps of a walk of the moving average as it is now: x̂ `[chains, d]`, after `steps` steps. */
  samples(settings: Omit<WalkSettings, 'jumpEvery'>, steps: number): Promise<Float32Array>;
  /** ν(z) of the moving average as it is now, `[n, d]`. */
  denoise(z: Float32Array): Promise<Float32Array>;
  /** The moving average as an ONNX file, which `mdensity sample --model` walks. */
  exportModel(): Promise<Uint8Array<ArrayBuffer>>;
  /** A safetensors file to go on from, here or with `checkpoint`. */
  checkpoint(): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Model and parameters of a file that mdensity trained. */
export interface TrainedFile {
  readonly config: ModelConfig;
  readonly parameters: Float32Array;
}

/**
 * What the worker does. Errors that are the reader's to mend have the name `UserError` or
 * `GraphError`.
 */
export interface Engine {
  /**
   * Opens an ONNX denoiser.
   * @param name names it in errors.
   * @param sigma σ̃, for a file that does not say it.
   * @param onDevice hears it if the device is lost later and another one takes over.
   */
  openModel(
    bytes: Uint8Array,
    name: string,
    options: { readonly device: Wish; readonly sigma?: number },
    onDevice: DeviceListener & ProxyMarked,
  ): Promise<ModelFacts>;
  /** Gives a model back once the steps of its walks that are under way are made. */
  closeModel(id: number): Promise<void>;
  /** ν(z), `[n, d]`. */
  denoise(id: number, z: Float32Array): Promise<Float32Array>;
  startWalk(
    id: number,
    settings: WalkSettings,
    onFrame: FrameListener & ProxyMarked,
    onFailure: FailureListener & ProxyMarked,
    onMeasured: MeasuringListener & ProxyMarked,
  ): Promise<WalkControls & ProxyMarked>;
  /**
   * Puts the chains of a walk in the plane to their start. `place` names it in later calls; what
   * walked there before is gone.
   *
   * @throws UserError for a kernel that needs more than the model gives.
   */
  beginPlane(place: number, walk: PlaneWalk): void;
  /** Makes jumps of the walk at a place. */
  advancePlane(place: number, wish: PlaneWish): Promise<PlaneSteps>;
  /**
   * The M measurements of one chain after the latest jump, `[M, 2]`; where means were walked, drawn
   * as they are distributed given those. Empty before the first.
   */
  measurementsInPlane(place: number, chain: number): Float32Array;
  startTraining(
    request: TrainingRequest,
    onSteps: StepsListener & ProxyMarked,
    onFailure: FailureListener & ProxyMarked,
    onDevice: DeviceListener & ProxyMarked,
  ): Promise<TrainingControls & ProxyMarked>;
  /** Reads a model that mdensity trained, to go on from its weights. */
  readTrained(bytes: Uint8Array, name: string): TrainedFile;
}
