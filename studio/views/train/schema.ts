import { type LinkState, linkSchema } from '../../link.ts';
import { seedSetting } from '../../settings/seed.ts';
import { choice, fieldsOf, flag, number } from '../../settings/setting.ts';
import { targetFields } from '../../target/fields.ts';
import { dataNames, type NetworkName, networkNames } from './networks.ts';

const dataLabels = {
  plane: 'points of the plane',
  digits8: '8×8 digits (1,797)',
  mnist: 'MNIST digits (10,000)',
} as const;

/** What is learned, from what. */
export const modelSettings = {
  data: choice({
    title: 'Data',
    default: 'plane',
    choices: dataNames.map((value) => ({ value, label: dataLabels[value] })),
    explain:
      'What is learned from. Points are 10,000 draws of a density that is known, so that what is learned can be held against it; the digits come with the package, their pixels are from 0 to 1.',
    equation: 'data',
  }),
  network: choice({
    title: 'Network',
    default: 'mlp' as NetworkName,
    choices: networkNames.map((value) => ({ value, label: value as string })),
    explain:
      'It learns ν, the Bayes estimator of x from the noisy mean ȳ, and with it the score of every member of the class. An energy learns a density whose gradient gives ν.',
    equation: 'network',
  }),
};

/** How it is trained, with the options and defaults of `mdensity train`. */
export const trainSettings = {
  optimizer: choice({
    title: 'Optimizer',
    default: 'adam',
    choices: [
      { value: 'adam', label: 'Adam' },
      { value: 'adamw', label: 'AdamW' },
      { value: 'adagrad', label: 'Adagrad' },
    ],
    option: 'optimizer',
    explain:
      'How gradients become steps of the parameters: each is divided by the size that its gradients have had.',
    equation: 'optimizer',
  }),
  weightDecay: number({
    title: 'Weight decay λ',
    default: 0.01,
    range: [0, 1],
    scale: 'root',
    option: 'weight-decay',
    explain: 'AdamW draws parameters towards 0 at this rate; the other optimizers do not.',
    equation: 'weightDecay',
    idle: ({ optimizer }: { readonly optimizer: string }) =>
      optimizer === 'adamw' ? undefined : 'Only AdamW draws parameters towards 0.',
  }),
  rate: number({
    title: 'Learning rate η',
    default: 1e-3,
    range: [1e-6, 10],
    scale: 'log',
    option: 'learning-rate',
    explain:
      'Length of a step of the parameters. It rises over the warm-up and falls to the last step; too large, and the loss grows until it is no number.',
    equation: 'rate',
  }),
  batch: number({
    title: 'Batch size',
    default: 64,
    range: [1, 4096],
    scale: 'log',
    whole: true,
    option: 'batch',
    explain:
      'Examples of one step, each with fresh noise. More of them give a steadier gradient and take longer.',
    equation: 'batch',
  }),
  steps: number({
    title: 'Steps',
    default: 2000,
    range: [1, 1e6],
    scale: 'log',
    whole: true,
    option: 'steps',
    explain:
      'Where the training ends by itself. Raise it to go on with one that has come to its end.',
  }),
  warmup: number({
    title: 'Warm-up',
    default: 100,
    range: [0, 1e5],
    scale: 'root',
    whole: true,
    unit: 'steps',
    option: 'warmup',
    explain:
      'Over its first steps the learning rate rises from 0, while the optimizer learns the size of gradients.',
    equation: 'rate',
  }),
  decay: choice({
    title: 'Decay',
    default: 'cosine',
    choices: [
      { value: 'cosine', label: 'cosine' },
      { value: 'linear', label: 'linear' },
      { value: 'none', label: 'none' },
    ],
    option: 'decay',
    explain: 'How the learning rate falls from the warm-up to the last step.',
    equation: 'decay',
  }),
  ema: number({
    title: 'Moving average β',
    default: 0.99,
    range: [0, 0.9999],
    scale: 'nines',
    option: 'ema',
    explain:
      'The model that is shown and saved is a moving average of the parameters, which is steadier than they are.',
    equation: 'ema',
  }),
  clip: number({
    title: 'Largest gradient',
    default: 0,
    range: [0, 1e4],
    scale: 'root',
    unit: 'norm',
    option: 'clip',
    explain: 'Longer gradients are shortened to this norm; 0 leaves them as they are.',
    equation: 'clip',
  }),
  seed: seedSetting,
};

/** What is shown of it. */
export const shownSettings = {
  device: choice({
    title: 'Device',
    default: 'auto',
    choices: [
      { value: 'auto', label: 'the best' },
      { value: 'cpu', label: 'processor' },
      { value: 'webgpu', label: 'WebGPU' },
    ],
    explain:
      'Where the numbers are made, always on this machine and beside the page. Networks as small as those of points are fastest on the processor.',
  }),
  every: number({
    title: 'A look every',
    default: 100,
    range: [1, 1e5],
    scale: 'log',
    whole: true,
    unit: 'steps',
    explain:
      'Between two steps of the training, as often as this, the network is walked and what it has learned is drawn. The training does not feel it, but waits for it.',
  }),
  walk: number({
    title: 'Length of its walk',
    default: 60,
    range: [1, 1000],
    scale: 'log',
    whole: true,
    unit: 'steps',
    explain:
      'Langevin steps of the chains, always from the same noise, before the one jump that makes samples of them. At step size σ/2 and effective friction 1/2 (Sachs).',
    equation: 'walk',
  }),
  arrows: flag({
    title: 'Learned score (thin arrows)',
    default: true,
    explain:
      'What the network has learned as a score: half as long as their spacing where the jump is one σ̃.',
    equation: 'score',
  }),
  exact: flag({
    title: 'Exact score (orange arrows)',
    default: false,
    explain:
      'The same of the density itself, which is known. Where thin arrows lie on orange ones, the network is right.',
    equation: 'score',
  }),
  jumps: flag({
    title: 'Jumps (green lines)',
    default: false,
    explain: 'From draws of ȳ, the rings, to where the learned ν puts x, the dots.',
    equation: 'jumps',
  }),
  samples: flag({
    title: 'Samples (green dots)',
    default: true,
    explain:
      '256 chains that walk the learned score from noise, each after its jump. Grey dots are examples of the data.',
    equation: 'walk',
  }),
};

/**
 * What a link to this view holds: all that decides the numbers of a training, and what is shown of
 * it.
 */
export const schema = linkSchema(1, {
  ...targetFields,
  ...fieldsOf(modelSettings),
  ...fieldsOf(trainSettings),
  ...fieldsOf(shownSettings),
});

/** What decides a training and what is shown of it. */
export type Settings = LinkState<typeof schema>;
