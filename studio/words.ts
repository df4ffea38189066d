/** What each view says of itself before it is used, and the stops of the guided tour. */
import type { ViewName } from './view-names.ts';

/** A state of the page that is worth a look. */
export interface Try {
  readonly label: string;
  readonly hash: string;
}

export interface Words {
  readonly title: string;
  /** Two sentences. */
  readonly text: string;
  readonly tries: readonly Try[];
  /** Parts of the picture of the method that the view is about. */
  readonly about: readonly Part[];
}

/** Parts of the picture of the method. */
export type Part = 'x' | 'y' | 'ybar' | 'nu' | 'xhat';

export const words: Readonly<Record<ViewName, Words>> = {
  shape: {
    title: 'What noise makes of a density',
    text: 'Measure x not once but M times, each time under fresh noise: the mean ȳ of the measurements has a smoothed density that is easy to learn and easy to walk. Its width depends on σ̃ = σ/√M alone, so that few quiet and many noisy measurements are of one class.',
    tries: [
      { label: 'less noise, more detail', hash: '#/shape?v=1&target=rings&sigma=0.2' },
      { label: 'the same σ̃ at M = 16', hash: '#/shape?v=1&sigma=2&M=16&hold=1' },
      { label: 'draw your own', hash: '#/shape?v=1&target=points' },
    ],
    about: ['x', 'y', 'ybar'],
  },
  walk: {
    title: 'Walk the noise, jump to the data',
    text: 'A chain walks the smoothed density of ȳ by Langevin dynamics: it follows the score and adds noise. Now and then it jumps to x̂ = ν(ȳ), a clean sample, and walks on as if nothing had been.',
    tries: [
      { label: 'slow motion', hash: '#/walk?v=1&chains=1&every=4&speed=2' },
      {
        label: 'why M? 1 against 16',
        hash: '#/walk?v=1&target=eight-gaussians&sigma=0.35&hold=1&chains=4&speed=200&beside=M',
      },
      {
        label: 'too little noise: stuck',
        hash: '#/walk?v=1&target=eight-gaussians&sigma=0.15&speed=300',
      },
    ],
    about: ['ybar', 'nu', 'xhat'],
  },
  images: {
    title: 'Chains that visit every picture',
    text: 'The same walk in the space of pictures, with a network for ν: each picture here is the jump of one chain, and a chain goes from one digit to the next without starting again. The network was learned once and serves every M; a family serves every σ̃.',
    tries: [
      {
        label: 'paper A, figure 3',
        hash: '#/images?v=1&chains=8&M=4&friction=0.015625&jumpEvery=10&open=1',
      },
      { label: 'clothes, each kind', hash: '#/images?v=1&model=fashion-family&chains=20' },
      { label: 'too much friction', hash: '#/images?v=1&friction=2&chains=16&jumpEvery=10' },
    ],
    about: ['ybar', 'nu', 'xhat'],
  },
  train: {
    title: 'Learn ν by taking noise off',
    text: 'A network is shown ȳ and has to guess x; the best guess is ν(ȳ), and ν gives the score. Densities of the plane are known exactly, so that what is learned can be held against what is true.',
    tries: [
      { label: 'rings at little noise', hash: '#/train?v=1&target=rings&sigma=0.3' },
      { label: 'an energy', hash: '#/train?v=1&network=mlp-energy' },
      { label: '8×8 digits', hash: '#/train?v=1&data=digits8&network=digits8&sigma=0.5' },
    ],
    about: ['x', 'ybar', 'nu'],
  },
};

/** One stop of the tour: a state of the page, and what to see there. */
export interface Stop {
  readonly title: string;
  readonly text: string;
  readonly hash: string;
}

export const tour: readonly Stop[] = [
  {
    title: 'A density with gaps',
    text: 'Eight islands with nothing between them. The noise here is small: the contours are nearly those of the data, and a walker on one island would never see the next.',
    hash: '#/shape?v=1&target=eight-gaussians&sigma=0.2&clean=1',
  },
  {
    title: 'Noise builds bridges',
    text: 'At σ = 1.2 the islands have grown together. The arrows are the score: from everywhere they lead to where the density is. But one look under so much noise says little of x.',
    hash: '#/shape?v=1&target=eight-gaussians&sigma=1.2&clean=1',
  },
  {
    title: 'Measure again and again',
    text: 'Sixteen measurements at σ = 2: their mean ȳ is as sharp as one at σ/√16 = 0.5. The picture on the side is the plane of two such measurements. M noisy looks, one sharp mean.',
    hash: '#/shape?v=1&target=eight-gaussians&sigma=2&M=16&hold=1',
  },
  {
    title: 'Walk, then jump',
    text: 'One chain in slow motion. The dot walks the noisy density; every fourth step it jumps along the green line to a clean x̂, and walks on from where it was: jumps are never fed back.',
    hash: '#/walk?v=1&target=eight-gaussians&chains=1&every=4&speed=2',
  },
  {
    title: 'Do chains agree?',
    text: 'Sixteen chains, faster. The bars on the axes are where they have been, the lines the exact law. R̂ near 1 says that the chains agree; the effective samples say how many independent draws they are worth.',
    hash: '#/walk?v=1&target=eight-gaussians&sigma=0.6&speed=300',
  },
  {
    title: 'Learn ν from data',
    text: 'Press Train. The network sees noisy means and has to guess x. Its score, thin arrows, comes to lie on the exact one; the error of the score falls while the loss stays near what noise leaves.',
    hash: '#/train?v=1&target=eight-gaussians&steps=1500&exact=1&samples=0',
  },
  {
    title: 'From noise to digits',
    text: 'Press Play. Each picture is a chain that starts from noise in 784 dimensions. After some steps the jumps are digits, though the walk itself never leaves the noise: open a chain to see its ȳ.',
    hash: '#/images?v=1&chains=16&open=1',
  },
  {
    title: 'A chain that visits every digit',
    text: 'Press Play and watch one chain: at M = 4 and little friction it goes from digit to digit and is never started again. Figure 3 of paper A in your browser; the command below makes the same chains.',
    hash: '#/images?v=1&chains=8&M=4&friction=0.015625&jumpEvery=10&open=1',
  },
];

/** The link to a stop, counted from 1. */
export const tourHash = (stop: number): string => `${tour[stop - 1]!.hash}&tour=${stop}`;

/** Words that are used everywhere, in the order in which they build on each other. */
export const terms: readonly (readonly [term: string, meaning: string])[] = [
  ['x', 'what we want samples of: a point of the plane, a picture'],
  ['y₁ … y_M', 'M measurements of it, each x plus normal noise of deviation σ'],
  ['ȳ', 'their mean: all that they say of x'],
  ['σ̃', 'its noise, σ/√M; every pair (M, σ) with the same σ̃ is of one class'],
  ['M-density', 'the joint density of the M measurements: smooth, because of the noise'],
  ['score', '∇ log p: the direction in which the smoothed density grows'],
  ['ν', 'the Bayes estimator E[x given ȳ]: the best guess of x; a network learns it'],
  ['walk', 'a Langevin chain on the noisy density'],
  ['jump', 'x̂ = ν(ȳ): a clean sample'],
];

/** The two papers, and what they are cited by. */
export const papers = [
  {
    key: 'A',
    title: 'Universal Smoothed Score Functions for Generative Modeling',
    authors: 'Saremi, Srivastava & Bach 2023',
    url: 'https://arxiv.org/abs/2303.11669',
    bibtex: `@article{saremi2023universal,
  title   = {Universal Smoothed Score Functions for Generative Modeling},
  author  = {Saremi, Saeed and Srivastava, Rupesh Kumar and Bach, Francis},
  journal = {arXiv preprint arXiv:2303.11669},
  year    = {2023}
}`,
  },
  {
    key: 'B',
    title: 'Multimeasurement Generative Models',
    authors: 'Saremi & Srivastava 2022',
    url: 'https://openreview.net/forum?id=QRX0nCX_gk',
    bibtex: `@inproceedings{saremi2022multimeasurement,
  title     = {Multimeasurement Generative Models},
  author    = {Saremi, Saeed and Srivastava, Rupesh Kumar},
  booktitle = {International Conference on Learning Representations},
  year      = {2022},
  url       = {https://openreview.net/forum?id=QRX0nCX_gk}
}`,
  },
] as const;

/** How the page is cited: its address says the state of it. */
export const citation = (version: string, address: string): string => `@software{mdensity,
  title   = {mdensity: generative modelling with smoothed densities},
  version = {${version}},
  url     = {${address}}
}`;
