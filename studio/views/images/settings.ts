/** From the view's state to a walk, and what a model can serve of it. */
import {
  type CountKernelName,
  countKernels,
  type KernelName,
  kernels,
  scoreCallsOf,
} from '../../../src/sample/kernels/index.ts';
import { blockSizes, furtherCalls } from '../../../src/sample/sequential/member.ts';
import type { KeptPart, ModelFacts, Told, WalkSettings } from '../../engine/protocol.ts';
import { callsOfScore, canBeGuided, sameKept } from '../../engine/steering.ts';
import { memberOf, nearestLevel } from '../../engine/told.ts';
import type { Choice } from '../../settings/setting.ts';
import { type Kept, partOf } from './kept.ts';
import {
  countKernelNames,
  defaultsFor,
  type ImagesState,
  keptSettings,
  kernelNames,
  type Suited,
} from './schema.ts';

/** The walk that the controls ask for, given what is kept. */
export const settingsOf = (state: ImagesState, kept?: Kept): WalkSettings => ({
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
  guidance: state.guidance,
  kept: kept && partOf(kept, state.hold === 'within' ? state.keptNoise : undefined),
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
  guidance: settings.guidance!,
  ...(settings.kept && holdOf(settings.kept)),
});

const holdOf = ({ noise }: KeptPart): Partial<ImagesState> =>
  noise === undefined ? { hold: 'measured' } : { hold: 'within', keptNoise: noise };

export const sameSettings = (a: WalkSettings, b: WalkSettings): boolean =>
  sameKept(a.kept, b.kept) &&
  Object.entries(a).every(
    ([name, value]) => name === 'kept' || value === b[name as keyof WalkSettings],
  );

/** What of a model decides how it can be walked. */
type Walkable = Pick<ModelFacts, 'stacked' | 'hasEnergy' | 'levels' | 'classes' | 'counts'>;

/** Kernels that can walk a model; all of Gaussian noise before there is one. */
export const kernelsFor = (
  model: Walkable | undefined,
): readonly (KernelName | CountKernelName)[] =>
  model?.counts
    ? countKernelNames
    : kernelNames.filter((name) => !model || model.hasEnergy || !kernels[name].needsLogDensity);

/** Walks that a model can be given. */
export const walksFor = ({ levels, counts }: Told): readonly WalkSettings['walk'][] =>
  counts ? ['joint'] : levels ? ['joint', 'mean', 'sequential'] : ['joint', 'mean'];

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
      model.counts
        ? 'This model is of counts, which are walked jointly.'
        : 'One measurement at a time needs a model of several noise levels; this one is walked jointly.',
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
  if (classes && served.class !== undefined && settings.guidance !== 1 && !canBeGuided(model)) {
    change(
      { guidance: 1 },
      'This model was never trained without a class, so that there is nothing to guide away from.',
    );
  }
  const { kept } = settings;
  if (kept && model.counts) {
    change({ kept: undefined }, 'What is kept is for Gaussian noise, and this model is of counts.');
  }
  if (kept && stacked > 1 && kept.noise !== undefined) {
    change(
      { kept: { ...kept, noise: undefined } },
      'A model of all measurements cannot be guided; what is kept is measured once.',
    );
  }
  if (kept && served.walk === 'sequential' && kept.noise === undefined) {
    change(
      { kept: { ...kept, noise: keptSettings.keptNoise.default } },
      'One at a time, what is kept cannot be measured once; jumps are held to it within noise.',
    );
  }
  if (!kernelsFor(model).includes(settings.kernel)) {
    const { kernel } = settings;
    const [other, why] = otherKernel(model, kernel);
    change({ kernel: other }, `The kernel ${kernel} ${why}; ${other} walks it.`);
  }
  return { settings: served, ...(notes.length > 0 && { note: notes.join(' ') }) };
}

/** The kernel in place of one that cannot walk a model, and why. */
function otherKernel(
  { counts }: Walkable,
  kernel: WalkSettings['kernel'],
): readonly [kernel: WalkSettings['kernel'], why: string] {
  if (counts) return [countKernelNames[0]!, 'walks Gaussian noise, and this model is of counts'];
  return Object.hasOwn(countKernels, kernel)
    ? ['sachs', 'walks counts, and this model is of Gaussian noise']
    : ['sachs', 'needs an energy for its accept test, which this model does not give'];
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

/** Calls of the network for one step of a chain. */
export const callsOfStep = (model: ModelFacts, settings: WalkSettings): number =>
  scoreCallsOf(settings.kernel) * callsOfScore(model, settings);

/** Calls for each jump beside those of the steps: of the measurements after the first. */
export function callsOfJump(model: ModelFacts, settings: WalkSettings): number {
  if (settings.walk !== 'sequential') return 0;
  const { length } = blockSizes(memberOf(model, settings).measurements);
  const calls = scoreCallsOf(settings.kernel);
  return callsOfScore(model, settings) * furtherCalls(length, undefined, calls);
}
