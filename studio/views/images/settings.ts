/** From the view's state to a walk, and what a model can serve of it. */
import { UserError } from '../../../src/errors.ts';
import { type KernelName, kernels } from '../../../src/sample/kernels/index.ts';
import type { ModelFacts, WalkSettings } from '../../engine/protocol.ts';
import { type ImagesState, kernelNames } from './schema.ts';

/** The walk that the controls ask for. */
export const settingsOf = (state: ImagesState): WalkSettings => ({
  chains: state.chains,
  measurements: state.M,
  kernel: state.kernel,
  stepSize: state.stepSize,
  friction: state.friction,
  meanWalk: state.mean,
  jumpEvery: state.jumpEvery,
  seed: state.seed,
});

/** The part of the state that a walk's settings are. */
export const stateOf = (settings: WalkSettings): Partial<ImagesState> => ({
  chains: settings.chains,
  M: settings.measurements,
  kernel: settings.kernel,
  stepSize: settings.stepSize,
  friction: settings.friction,
  mean: settings.meanWalk,
  jumpEvery: settings.jumpEvery,
  seed: settings.seed,
});

export const sameSettings = (a: WalkSettings, b: WalkSettings): boolean =>
  Object.entries(a).every(([name, value]) => value === b[name as keyof WalkSettings]);

/** What of a model decides how it can be walked. */
type Walkable = Pick<ModelFacts, 'stacked' | 'hasEnergy'>;

/** Kernels that can walk a model; all of them before there is one. */
export const kernelsFor = (model: Walkable | undefined): readonly KernelName[] =>
  kernelNames.filter((name) => !model || model.hasEnergy || !kernels[name].needsLogDensity);

/** The nearest settings that a model can serve, and a line on what had to be changed. */
export function servedBy(
  model: Walkable,
  settings: WalkSettings,
): { readonly settings: WalkSettings; readonly note?: string } {
  const notes: string[] = [];
  let served = settings;
  const { stacked } = model;
  if (stacked > 1 && (settings.measurements !== stacked || settings.meanWalk)) {
    served = { ...served, measurements: stacked, meanWalk: false };
    notes.push(`This model sees all of its M = ${stacked} measurements and is walked at these.`);
  }
  if (!kernelsFor(model).includes(settings.kernel)) {
    served = { ...served, kernel: 'sachs' };
    notes.push(
      `The kernel ${settings.kernel} needs an energy for its accept test, which this model does not give; sachs walks it.`,
    );
  }
  return notes.length === 0 ? { settings } : { settings: served, note: notes.join(' ') };
}

/** Score calls of one step of every chain. */
export const scoreCallsOf = (kernel: KernelName): number => kernels[kernel].scoreCalls;

/** σ of one measurement, where the model is one of normal noise. */
export function noiseOf(
  { sigma, stacked }: { readonly sigma: number | undefined; readonly stacked: number },
  measurements: number,
): number | undefined {
  return sigma === undefined || stacked > 1 ? sigma : sigma * Math.sqrt(measurements);
}

/** Channels, height and width of a picture. */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The pictures that a model makes.
 * @throws UserError for a model of something else, or of counts.
 */
export function imageShapeOf(
  model: Pick<ModelFacts, 'shape' | 'config'>,
  name: string,
): ImageShape {
  const { shape, config } = model;
  if (config && 'rate' in config && config.rate !== undefined) {
    throw new UserError(
      `${name}: is a model of counts, and this view walks models of normal noise; use mdensity sample`,
    );
  }
  const [channels = 0, height = 0, width = 0] = shape;
  if (shape.length !== 3 || ![1, 3, 4].includes(channels)) {
    throw new UserError(
      `${name}: its examples are of [${shape.join(', ')}] and no pictures; open a model of [channels, height, width] with 1, 3 or 4 channels`,
    );
  }
  return { channels, height, width };
}
