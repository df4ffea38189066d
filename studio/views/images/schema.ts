import { countKernels, kernels } from '../../../src/sample/kernels/index.ts';
import { numbersOf } from '../../../src/sample/walk-kind.ts';
import { toldOfBox } from '../../engine/box.ts';
import type { Told, WalkSettings } from '../../engine/protocol.ts';
import {
  countKernelChoices,
  explainKernel,
  kernelChoices,
  usesFriction,
} from '../../kernels/kernels.ts';
import { type LinkSchema, type LinkState, linkSchema, text, whole } from '../../link.ts';
import { seedSetting } from '../../settings/seed.ts';
import { choice, type FieldsOf, fieldsOf, number } from '../../settings/setting.ts';

/** Names of kernels, in the order in which they are offered. */
export const kernelNames = Object.keys(kernels) as (keyof typeof kernels)[];

/** Names of the kernels of counts; the first is the usual one. */
export const countKernelNames = countKernelChoices.map(({ value }) => value);

/** The model that is there unless another is asked for. */
const STANDARD = 'mnist';

/** The friction that suits a model of the box best, by `docs/results.md`. */
const frictions: Readonly<Record<string, number>> = { cifar10: 0.25 };

/** The friction that a model starts with: 1/16 suits the digits and the clothes. */
export const frictionFor = (model: string): number => frictions[model] ?? 0.0625;

/** What shapes the chains, with the options of `mdensity sample`. */
export const walkSettings = {
  class: choice<string>({
    title: 'Class',
    default: 'any',
    choices: [
      { value: 'each', label: 'each the next' },
      { value: 'any', label: 'any' },
    ],
    further: /^\d{1,4}$/,
    option: 'class',
    explain:
      'What the pictures are to be of: the network is told it with the noise. Each chain can have the next class, all of them one, or none, which leaves the class open.',
    equation: 'class',
  }),
  guidance: number({
    title: 'Guidance w',
    default: 1,
    range: [0, 8],
    step: 0.25,
    option: 'guidance',
    explain:
      'How much the class counts: 1 is what the network says of the class, more goes further from what it says without one, 0 forgets the class. Pictures get clearer and more alike; each score takes two calls.',
    equation: 'guidance',
    idle: ({ class: chosen }: { readonly class: string }) =>
      chosen === 'any' ? 'Without a class there is nothing to guide to.' : undefined,
  }),
  walk: choice<WalkSettings['walk']>({
    title: 'Walk',
    default: 'joint',
    choices: [
      { value: 'joint', label: 'joint' },
      { value: 'mean', label: 'mean' },
      { value: 'sequential', label: 'one at a time' },
    ],
    option: 'walk',
    explain: 'What walks: all measurements together, their mean, or one after another.',
  }),
  sigma: number({
    title: 'Class σ̃',
    default: 0.5,
    range: [0.001, 100],
    scale: 'log',
    option: 'effective-sigma',
    explain:
      'Noise of the mean of all measurements. This network learned many classes σ̃: at less noise jumps are sharper, and chains find it harder to leave a picture.',
    equation: 'measurements',
  }),
  M: number({
    title: 'Measurements M',
    default: 1,
    range: [1, 64],
    scale: 'log',
    whole: true,
    option: 'measurements',
    explain:
      'Noisy copies of one unseen picture. At another M of the same class σ̃ each copy is noisier, σ = σ̃√M, and the jumps have the same law.',
    equation: 'measurements',
  }),
  kernel: choice({
    title: 'Kernel',
    default: 'sachs',
    choices: [...kernelChoices, ...countKernelChoices],
    option: 'kernel',
    explain: 'How a chain makes a step: a discretisation of Langevin dynamics.',
  }),
  stepSize: number({
    title: 'Step size',
    default: 0.5,
    range: [0.05, 4],
    scale: 'log',
    unit: 'σ',
    option: 'step-size',
    explain:
      'Length of a step in units of σ. Longer ones go further, and are less exact; from about 2 on chains diverge.',
    equation: 'step',
  }),
  friction: number({
    title: 'Friction γδ',
    default: frictionFor(STANDARD),
    range: [0.005, 8],
    scale: 'log',
    unit: 'a step',
    option: 'friction',
    explain:
      'How much of its velocity a chain loses in a step. With little friction it keeps its direction and sees more; 1/16 suits the digits and the clothes, 1/4 the photographs and what is walked one at a time.',
    equation: 'friction',
    idle: ({ kernel }: { readonly kernel: string }) =>
      usesFriction(kernel) ? undefined : 'This kernel has no velocity, so friction plays no part.',
  }),
  chains: number({
    title: 'Chains',
    default: 16,
    range: [1, 100],
    scale: 'log',
    whole: true,
    option: 'chains',
    explain: 'Walked side by side as one batch; another number starts again.',
  }),
  jumpEvery: number({
    title: 'Jump every',
    default: 5,
    range: [1, 100],
    scale: 'log',
    whole: true,
    unit: 'steps',
    option: 'jump-every',
    explain: 'Steps from one jump to the next. A jump only looks: it does not change the walk.',
    equation: 'jump',
  }),
  seed: seedSetting,
};

/** How a part that the reader keeps holds the chains. */
export const keptSettings = {
  hold: choice<'measured' | 'within'>({
    title: 'Held',
    default: 'measured',
    choices: [
      { value: 'measured', label: 'measured once' },
      { value: 'within', label: 'within noise s' },
    ],
    explain: 'How the chains know what is kept.',
  }),
  keptNoise: number({
    title: 'Noise s',
    default: 0.5,
    range: [0.1, 4],
    scale: 'log',
    explain:
      'How far a jump may be from what is kept. Far below σ̃/2 chains diverge; at large noise they forget it.',
    equation: 'within',
    idle: ({ hold }: { readonly hold: string }) =>
      hold === 'measured' ? 'What is measured once stays as it is in every jump.' : undefined,
  }),
};

/** How it is shown. */
export const shownSettings = {
  pace: number({
    title: 'At most',
    default: 20,
    range: [1, 60],
    scale: 'log',
    unit: 'jumps/s',
    explain: 'Keeps a fast machine from flickering.',
  }),
  device: choice({
    title: 'Device',
    default: 'auto',
    choices: [
      { value: 'auto', label: 'automatic' },
      { value: 'cpu', label: 'processor' },
      { value: 'webgpu', label: 'WebGPU' },
    ],
    explain:
      'The network runs in this browser. WebGPU uses the graphics processor; without one, or when it is lost, the processor goes on from the same place.',
  }),
};

/** What a link to this view holds. A model of a file of the reader's is there by its name alone. */
export const schema = linkSchema(
  1,
  {
    model: text(STANDARD),
    ...fieldsOf(walkSettings),
    ...fieldsOf(keptSettings),
    ...fieldsOf(shownSettings),
    /** The chain that is opened, counted from 1; 0 for none. */
    open: whole(0, { min: 0 }),
  },
  {
    dependent: ({ model = STANDARD, walk }) => {
      const of = [String(model), toldOfBox(String(model))] as const;
      return { ...defaultsFor(...of, walk as WalkSettings['walk']), walk: defaultsFor(...of).walk };
    },
    // The walk of the mean was a flag.
    older: (name, written) =>
      name === 'mean' && /^[01]$/.test(written)
        ? ['walk', written === '1' ? 'mean' : 'joint']
        : undefined,
  },
);

export type ImagesState = LinkState<typeof schema>;

/** What of a walk begins as suits the model. */
export type Suited = Pick<
  LinkState<LinkSchema<FieldsOf<typeof walkSettings>>>,
  'class' | 'walk' | 'sigma' | 'kernel' | 'stepSize' | 'friction' | 'jumpEvery'
>;

/**
 * Returns what suits a model: each chain the next class where it knows some, and as in `mdensity
 * sample` one measurement after another where it knows several levels, and of counts leaps.
 *
 * @param walk has numbers of its own.
 */
export function defaultsFor(
  model: string,
  { sigma, levels, classes, counts }: Told = {},
  walk: WalkSettings['walk'] = levels ? 'sequential' : 'joint',
): Suited {
  const { stepSize, jumpEvery, kernel, sigma: level } = walkSettings;
  const usual = { stepSize: stepSize.default, jumpEvery: jumpEvery.default, burnIn: 0 };
  const { burnIn: _, ...numbers } = numbersOf(walk, { ...usual, friction: frictionFor(model) });
  return {
    class: classes ? 'each' : 'any',
    walk,
    // Counts have none: the control keeps what it had.
    sigma: counts ? level.default : (sigma ?? level.default),
    kernel: counts ? countKernelNames[0]! : kernel.default,
    ...numbers,
  };
}

/** Says how what is kept holds the chains. */
export const holdWords = (hold: ImagesState['hold']): string =>
  `${keptSettings.hold.explain} ${
    hold === 'measured'
      ? 'Each chain measures it once, with the noise of its measurements, and walks the rest given that: exactly the density of what is open. Every jump shows it as it is.'
      : 'Jumps are pulled to it, within noise s: the density times how well a jump agrees. It goes with every walk, and each score takes twice the calls.'
  }`;

/** Says what a walk is of, and what its jumps are to each other. */
export const walkWords = (walk: WalkSettings['walk']): string =>
  `${walkSettings.walk.explain} ${explanations[walk]}`;

const explanations: Readonly<Record<WalkSettings['walk'], string>> = {
  joint: 'Joint, a chain moves in all of y, and each jump is near the one before.',
  mean: 'Given their mean, measurements are exactly normal whatever the pictures are. So ȳ alone can be walked, at a cost that does not grow with M, and y be drawn when it is wanted.',
  sequential:
    'One at a time, each measurement is walked given those before it, which is easier than all at once. Every jump is of measurements made anew from noise: the jumps of a chain are independent of each other.',
};

/** Says what the kernel of a state does. */
export const kernelWords = (kernel: string): string =>
  `${
    Object.hasOwn(countKernels, kernel)
      ? 'How a chain makes a step: births and deaths of counts.'
      : walkSettings.kernel.explain
  } ${explainKernel(kernel)}`;

/** What settings are where chains are of counts. */
export const ofCounts = {
  stepSize: {
    ...walkSettings.stepSize,
    unit: 'lifetimes',
    explain:
      'Time of a step τ, in lifetimes of a count: after one, e⁻¹ of the counts are left of those there were. Longer steps go further, and by leaps are less exact; no step is unstable.',
  },
  walk: 'Counts are walked all together: the network sees their sum alone, so that a step costs the same at every M.',
  M: 'Counted images of one unseen picture. At another M of the same class Mλ each has fewer counts, λ = class / M, and the jumps have the same law.',
} as const;
