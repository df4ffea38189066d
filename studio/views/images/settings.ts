/** From the view's state to a walk, and what a model can serve of it. */
import { UserError } from '../../../src/errors.ts';
import { type KernelName, kernels } from '../../../src/sample/kernels/index.ts';
import { blockSizes, furtherCalls } from '../../../src/sample/sequential/member.ts';
import type { ModelFacts, Told, WalkSettings } from '../../engine/protocol.ts';
import { memberOf, nearestLevel } from '../../engine/told.ts';
import type { Choice } from '../../settings/setting.ts';
import { defaultsFor, type ImagesState, kernelNames, type Suited } from './schema.ts';

/** The walk that the controls ask for. */
export const settingsOf = (state: ImagesState): WalkSettings => ({
  chains: state.chains,
  measurements: state.M,
  effectiveSigma: state.sigma,
  class: state.class === 'any' || state.class === 'each' ? named[state.class] : +state.class,
  kernel: state.kernel,
  stepSize: state.stepSize,
  friction: state.friction,
  walk: state.walk,
  jumpEvery: state.jumpEvery,
  seed: state.seed,
});

const named = { any: undefined, each: 'each' } as const;

/** The part of the state that a walk's settings are. */
export const stateOf = (settings: WalkSettings): Partial<ImagesState> => ({
  chains: settings.chains,
  M: settings.measurements,
  sigma: settings.effectiveSigma!,
  class: String(settings.class ?? 'any'),
  kernel: settings.kernel,
  stepSize: settings.stepSize,
  friction: settings.friction,
  walk: settings.walk,
  jumpEvery: settings.jumpEvery,
  seed: settings.seed,
});

export const sameSettings = (a: WalkSettings, b: WalkSettings): boolean =>
  Object.entries(a).every(([name, value]) => value === b[name as keyof WalkSettings]);

/** What of a model decides how it can be walked. */
type Walkable = Pick<ModelFacts, 'stacked' | 'hasEnergy' | 'levels' | 'classes'>;

/** Kernels that can walk a model; all of them before there is one. */
export const kernelsFor = (model: Walkable | undefined): readonly KernelName[] =>
  kernelNames.filter((name) => !model || model.hasEnergy || !kernels[name].needsLogDensity);

/** Walks that a model can be given. */
export const walksFor = ({ levels }: Told): readonly WalkSettings['walk'][] =>
  levels ? ['joint', 'mean', 'sequential'] : ['joint', 'mean'];

/** Classes that can be chosen: each chain the next, any where the model knows it, and each by name. */
export function classesFor({ classes }: Told): readonly (string | Choice)[] {
  const { classes: count = 0, names, required } = classes ?? {};
  const each = Array.from({ length: count }, (_, k) => ({
    value: String(k),
    label: names?.[k] ?? String(k),
  }));
  return ['each', ...(required ? [] : ['any']), ...each];
}

/** What the class of a chain is called; undefined where it has none. */
export function classOfChain(
  { classes }: Told,
  chosen: ImagesState['class'],
  chain: number,
): string | undefined {
  if (!classes || chosen === 'any') return undefined;
  const index = chosen === 'each' ? chain % classes.classes : Number(chosen);
  return classes.names?.[index] ?? String(index);
}

/** The nearest settings that a model can serve, and a line on what had to be changed. */
export function servedBy(
  model: Walkable,
  settings: WalkSettings,
): { readonly settings: WalkSettings; readonly note?: string } {
  const notes: string[] = [];
  let served = settings;
  const change = (part: Partial<WalkSettings>, note?: string) => {
    served = { ...served, ...part };
    if (note !== undefined) notes.push(note);
  };
  const { stacked, levels, classes } = model;
  const { class: asked, effectiveSigma } = settings;
  if (stacked > 1 && (settings.measurements !== stacked || settings.walk !== 'joint')) {
    change(
      { measurements: stacked, walk: 'joint' },
      `This model sees all of its M = ${stacked} measurements and is walked at these.`,
    );
  }
  if (!walksFor(model).includes(served.walk)) {
    change(
      { walk: 'joint' },
      'One measurement at a time needs a model of several noise levels; this one is walked jointly.',
    );
  }
  if (!classes) change({ class: undefined });
  else if (typeof asked === 'number' ? asked >= classes.classes : !asked && classes.required) {
    change(
      { class: 'each' },
      `This model ${asked === undefined ? 'needs a class' : `has no class ${asked}`}; each chain takes the next one.`,
    );
  }
  if (levels && effectiveSigma !== undefined) {
    const nearest = nearestLevel(levels, effectiveSigma);
    if (nearest !== effectiveSigma) {
      change(
        { effectiveSigma: nearest },
        `This model does not know σ̃ = ${effectiveSigma}; it is walked at ${nearest}.`,
      );
    }
  }
  if (!kernelsFor(model).includes(settings.kernel)) {
    change(
      { kernel: 'sachs' },
      `The kernel ${settings.kernel} needs an energy for its accept test, which this model does not give; sachs walks it.`,
    );
  }
  return { settings: served, ...(notes.length > 0 && { note: notes.join(' ') }) };
}

/** A model by its name and what it may be told. */
export interface Known {
  readonly name: string;
  readonly told: Told | undefined;
}

/** The state with what suited one model, unless the reader chose otherwise, as suits another. */
export function suitedTo(after: Known, before: Known, state: ImagesState): ImagesState {
  const usual = defaultsFor(before.name, before.told).walk;
  const walk = state.walk === usual ? undefined : state.walk;
  return {
    ...state,
    ...moved(
      state,
      defaultsFor(before.name, before.told, state.walk),
      defaultsFor(after.name, after.told, walk),
    ),
  };
}

/** What changes where the reader chooses another walk: numbers that suited the one before. */
export const numbersFor = (
  { name, told }: Known,
  state: ImagesState,
  before: WalkSettings['walk'],
): Partial<ImagesState> =>
  moved(state, defaultsFor(name, told, before), defaultsFor(name, told, state.walk));

/** The values of `to` where the state has those of `from`. */
const moved = (state: ImagesState, from: Suited, to: Suited): Partial<ImagesState> =>
  Object.fromEntries(
    Object.entries(to).filter(([key]) => {
      const name = key as keyof Suited;
      return state[name] === from[name];
    }),
  );

/** Score calls of one step of every chain. */
export const scoreCallsOf = (kernel: KernelName): number => kernels[kernel].scoreCalls;

/** Score calls for each jump beside those of the steps: of the measurements after the first. */
export function callsOfJump(model: ModelFacts, settings: WalkSettings): number {
  if (settings.walk !== 'sequential') return 0;
  const { length } = blockSizes(memberOf(model, settings).measurements);
  return furtherCalls(length, undefined, scoreCallsOf(settings.kernel));
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
  if (config?.noise.type === 'poisson') {
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
