import { checkedDataset } from '../data/checked.ts';
import type { Dataset } from '../data/dataset.ts';
import { holdOut } from '../data/hold-out.ts';
import type { Device } from '../graph/index.ts';
import {
  createModel,
  type DenoiserFile,
  exportDenoiser,
  type ModelConfig,
  type NoiseConfig,
  openDenoiser,
  type ParametrizationName,
  type View,
} from '../model/index.ts';
import type { Network, NetworkConfig } from '../nn/index.ts';
import { pause } from '../pause.ts';
import type { Work } from '../progress.ts';
import type { Checkpoint } from './checkpoint.ts';
import { parseTraining, type TrainingConfig, trainingSchema } from './config.ts';
import { measureDataScale } from './data-scale.ts';
import { createTrainer } from './trainer.ts';

/** What `train` is told: the model, how it learns, and what else a program decides. */
export interface TrainOptions extends Partial<TrainingConfig>, Work {
  /**
   * One of `presets`, a configuration, or a function of a scope and a tensor that keeps the shape.
   */
  readonly network: NetworkConfig | Network;
  /** `gaussian({ sigma, measurements })`, with `levels` for a family, or `poisson({ rate })`. */
  readonly noise: NoiseConfig;
  /** What is learned. Default `gps`; of counts `poisson`. */
  readonly parametrization?: ParametrizationName;
  /** What the network's output means. Default `denoised`; of a family `preconditioned`. */
  readonly view?: View;
  /** What of the examples the model is told beside the noise: their class. */
  readonly condition?: ModelConfig['condition'];
  /** Default `auto`: a GPU where there is one. */
  readonly device?: Device;
  /** Threads on the CPU; default: every core. */
  readonly threads?: number;
  /** Goes on from where a training with the same options was stopped, to the same bits. */
  readonly checkpoint?: Checkpoint;
}

/** What a training made. */
export interface Trained {
  /** The denoiser of the moving average, open; release it when it is not needed any more. */
  readonly model: DenoiserFile;
  /** The same as an ONNX file, with its configuration inside: what `openModel` opens. */
  readonly bytes: Uint8Array;
  /** Everything that `train` needs to go on. */
  readonly checkpoint: Checkpoint;
  /** False where the signal ended it before the last step. */
  readonly finished: boolean;
  /** Mean training loss of the last steps, ‖x − ν(ȳ)‖² summed over dimensions. */
  readonly loss: number;
}

/**
 * Learns an M-density from data in memory (Saremi, Srivastava & Bach 2023). A signal ends it after
 * the step in hand: what was learned is given, and its checkpoint goes on to the same bits.
 *
 * @example
 * const { model } = await train(digits, {
 *   network: presets.digits,
 *   noise: gaussian({ sigma: 0.5 }),
 *   steps: 2000,
 * });
 *
 * @throws UserError for options out of range, a network or data of another shape, a `read` that
 *   writes other than that (`shape`), or too little memory; DivergedError where the loss leaves all
 *   bounds.
 */
export async function train(given: Dataset, options: TrainOptions): Promise<Trained> {
  const dataset = checkedDataset(given);
  const { network, signal, onProgress, device, threads, checkpoint } = options;
  const custom = typeof network === 'function' ? network : undefined;
  const model = modelOf(dataset, options);
  const config = configOf(options);
  const { training } = holdOut(dataset, config);
  const trainer = await createTrainer({
    model: createModel(model, custom),
    dataset: training,
    config,
    device: device ?? 'auto',
    threads,
    ...(checkpoint && { checkpoint }),
  });
  try {
    const losses: number[] = [];
    while (trainer.step < config.steps && !signal?.aborted) {
      for (const { loss } of await trainer.advance(config.steps - trainer.step, signal)) {
        losses.push(loss);
      }
      losses.splice(0, losses.length - RECENT);
      const note = `loss ${meanOf(losses).toPrecision(4)}`;
      const [done, of] = [trainer.step, config.steps];
      onProgress?.({ label: 'training', done, of, unit: 'steps', note });
      await pause();
    }
    const bytes = exportDenoiser(model, await trainer.average(), { network: custom });
    return {
      model: await openDenoiser(bytes, dataset.name, { device: 'cpu' }),
      bytes,
      checkpoint: await trainer.checkpoint(),
      finished: trainer.step >= config.steps,
      loss: meanOf(losses),
    };
  } finally {
    await trainer.release();
  }
}

/** Steps that a loss is a mean of. */
const RECENT = 100;

const meanOf = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function configOf(options: TrainOptions): TrainingConfig {
  const keys = Object.keys(trainingSchema.shape) as (keyof TrainingConfig)[];
  const given = keys.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]]));
  return parseTraining(Object.fromEntries(given));
}

function modelOf(dataset: Dataset, options: TrainOptions): ModelConfig {
  const { network, noise, condition } = options;
  const counts = noise.type === 'poisson';
  const { parametrization = counts ? 'poisson' : 'gps' } = options;
  const isFamily = noise.type === 'gaussian' && noise.levels !== undefined;
  const { view = isFamily ? 'preconditioned' : 'denoised' } = options;
  const { shape, alphabet } = dataset;
  const config: NetworkConfig =
    typeof network === 'function' ? { type: 'custom', name: network.name || 'custom' } : network;
  const needsScale = isFamily || view === 'preconditioned';
  return {
    parametrization,
    view,
    noise,
    shape,
    network: config,
    ...(needsScale && { dataScale: measureDataScale(dataset) }),
    ...(condition && { condition }),
    ...(alphabet && { alphabet }),
  };
}
