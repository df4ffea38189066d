import type { WalkKind } from '../../../src/sample/options.ts';
import { numbersOf } from '../../../src/sample/walk-kind.ts';
import { explainKernel, kernelChoices, usesFriction } from '../../kernels/kernels.ts';
import { type LinkState, linkSchema } from '../../link.ts';
import { seedSetting } from '../../settings/seed.ts';
import { choice, fieldsOf, flag, number } from '../../settings/setting.ts';
import { targetFields } from '../../target/fields.ts';

/** What shapes the chains, with the options and defaults of `mdensity walk`. */
export const walkSettings = {
  kernel: choice({
    title: 'Kernel',
    default: 'sachs' as string,
    choices: kernelChoices as readonly { value: string; label: string }[],
    option: 'kernel',
    explain:
      'How a chain makes a step: a discretisation of Langevin dynamics, which follows the score s = ∇ log p and adds noise.',
  }),
  step: number({
    title: 'Step size δ',
    default: 0.5,
    range: [0.01, 8],
    scale: 'log',
    unit: 'σ',
    option: 'step-size',
    explain:
      'Time of one step, in units of σ. Large steps move fast until they are biased, then unstable.',
    equation: 'step',
  }),
  friction: number({
    title: 'Friction γδ',
    default: 0.5,
    range: [0.005, 8],
    scale: 'log',
    unit: 'a step',
    option: 'friction',
    explain:
      'How soon a velocity is forgotten: with little friction a chain glides through a valley, with much it diffuses.',
    equation: 'friction',
    idle: ({ kernel }: { readonly kernel: string }) =>
      usesFriction(kernel) ? undefined : 'This kernel has no velocity, so friction plays no part.',
  }),
  mass: number({
    title: 'Inverse mass u',
    default: 1,
    range: [0.1, 10],
    scale: 'log',
    option: 'inverse-mass',
    explain: 'The variance of a velocity. It acts as a step √u times as long.',
    equation: 'mass',
  }),
  walk: choice({
    title: 'Walk',
    default: 'joint',
    choices: [
      { value: 'joint', label: 'joint' },
      { value: 'mean', label: 'mean' },
      { value: 'sequential', label: 'one at a time' },
    ],
    option: 'walk',
    explain: 'What walks: all M measurements together, their mean, or one after another.',
  }),
  chains: number({
    title: 'Chains',
    default: 16,
    range: [1, 256],
    scale: 'log',
    whole: true,
    option: 'chains',
    explain: 'Walked side by side. A chain does not depend on how many walk beside it.',
  }),
  every: number({
    title: 'A jump every',
    default: 5,
    range: [1, 100],
    scale: 'log',
    whole: true,
    unit: 'steps',
    option: 'thin',
    explain:
      'Each jump is drawn as a green line from ȳ to x̂, and after the burn-in it is a draw of the diagnostics. The walk does not feel it.',
    equation: 'jump',
  }),
  burn: number({
    title: 'Burn-in',
    default: 200,
    range: [0, 10_000],
    scale: 'root',
    whole: true,
    unit: 'steps',
    option: 'burn-in',
    explain: 'Steps before the first draw, while chains find the density.',
    idle: ({ walk }: { readonly walk: string }) =>
      walk === 'sequential' ? 'One at a time, every draw begins anew.' : undefined,
  }),
  seed: seedSetting,
};

/** What is seen of the chains. */
export const shownSettings = {
  speed: number({
    title: 'Speed',
    default: 30,
    range: [1, 3000],
    scale: 'log',
    unit: 'steps/s',
    explain:
      'How fast the walk is shown. Where the screen cannot follow, it goes as fast as it can. At 6 and less, steps and jumps are drawn out so that they can be followed.',
  }),
  ys: flag({
    title: 'Its M measurements y',
    default: false,
    explain:
      'Rings, with lines to their mean ȳ, of the chain with the black ring. Many lie outside of the picture where σ is large.',
    equation: 'measurements',
  }),
  arrows: flag({
    title: 'Score as arrows',
    default: false,
    explain: 'The gradient of log p at ȳ, as in Shape.',
    equation: 'score',
  }),
  margins: flag({
    title: 'Marginals on the axes',
    default: true,
    explain:
      'Along each axis the draws of all chains as bars, and the exact law of that coordinate as a line.',
  }),
  chain: number({
    title: 'Chain',
    default: 0,
    range: [0, walkSettings.chains.range[1] - 1],
    whole: true,
    explain:
      'The chain with a ring around it, whose numbers are below the picture. Click one to choose it.',
  }),
  beside: choice({
    title: 'Compare with',
    default: 'none',
    choices: [
      { value: 'none', label: 'nothing' },
      { value: 'M', label: 'M = 1 of the class' },
      { value: 'kernel', label: 'another kernel' },
      { value: 'friction', label: 'other friction' },
    ],
    explain:
      'A second walk beside this one, of the same density and seed, that differs in one thing. Both are drawn, with the effective sample size and R̂ of each.',
  }),
};

/** The other walk, where two are compared. */
export const besideSettings = {
  kernel2: choice({ ...walkSettings.kernel, title: 'Its kernel', default: 'mala' as string }),
  friction2: number({
    ...walkSettings.friction,
    title: 'Its friction γδ',
    default: 4,
    idle: () => undefined,
  }),
};

/** Whose histogram and diagnostics are shown, and along which coordinate. */
export const questionSettings = {
  of: choice({
    title: 'Of',
    default: 'ybar',
    choices: [
      { value: 'ybar', label: 'ȳ, where chains walk' },
      { value: 'xhat', label: 'x̂, where they jump' },
    ],
    explain: 'Chains walk the noisy ȳ. Each jump x̂ is a sample of the clean density.',
  }),
  axis: choice({
    title: 'Along',
    default: '1',
    choices: [
      { value: '1', label: 'first coordinate' },
      { value: '2', label: 'second coordinate' },
    ],
    explain: 'The coordinate whose histogram and diagnostics are shown.',
  }),
};

/** Gives what a kind of walk starts with, as in `mdensity walk`. */
export function numbersFor(walk: WalkKind) {
  const { step, friction, every, burn } = walkSettings;
  const { stepSize, jumpEvery, burnIn, ...numbers } = numbersOf(walk, {
    stepSize: step.default,
    friction: friction.default,
    jumpEvery: every.default,
    burnIn: burn.default,
  });
  return { ...numbers, step: stepSize, every: jumpEvery, burn: burnIn };
}

/** What a link to this view holds. */
export const schema = linkSchema(
  1,
  {
    ...targetFields,
    ...fieldsOf(walkSettings),
    ...fieldsOf(shownSettings),
    ...fieldsOf(besideSettings),
    ...fieldsOf(questionSettings),
  },
  {
    dependent: ({ walk }) => numbersFor((walk ?? 'joint') as WalkKind),
    // The walk of the mean was a flag.
    older: (name, written) =>
      name === 'mean' && /^[01]$/.test(written)
        ? ['walk', written === '1' ? 'mean' : 'joint']
        : undefined,
  },
);

export type WalkState = LinkState<typeof schema>;

/** Says what a walk is of, and what its draws are to each other. */
export const walkWords = (walk: WalkKind): string =>
  `${walkSettings.walk.explain} ${explanations[walk]}`;

const explanations: Readonly<Record<WalkKind, string>> = {
  joint: 'Joint, a chain moves in all of y, and ȳ is the mean of it.',
  mean: 'Given ȳ the measurements are exactly normal, whatever the data: so ȳ can walk alone, and they are drawn when asked for.',
  sequential:
    'One at a time, y₁ is walked from noise, then each further block of measurements given those before, which is easier than all at once. Every draw begins anew: those of a chain are independent, and no path leads from one to the next.',
};

/** Says what the kernel of a state does. */
export const kernelWords = (kernel: string): string =>
  `${walkSettings.kernel.explain} ${explainKernel(kernel)}`;
