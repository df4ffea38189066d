/** What an experiment does, in numbers: its protocol, and the cells that it consists of. */
import { z } from 'zod';
import {
  blockSizes,
  furtherCalls,
  type KernelName,
  kernels,
  numbersOf,
  type WalkJumpOptions,
} from '../../sample/index.ts';
import { trainingSchema } from '../../train/index.ts';
import { checkSameProtocol } from '../same-protocol.ts';

const whole = (least: number) => z.int().min(least);
const positive = z.number().positive();
const kernelNames = Object.keys(kernels) as [KernelName];

/** A model of one class. */
const classSchema = z.strictObject({
  /** Effective noise σ̃. */
  sigma: positive,
  /** As it was named or, trained here, the run below the experiment's folder. */
  model: z.string(),
  /** SHA-256 of the file; absent for one that is trained here. */
  hash: z.string().optional(),
  /** M of the walk of one measurement after another; absent for a model of one level. */
  sequential: whole(2).optional(),
});

/** How a model of a class is trained that is not given. */
const trainingOfClass = trainingSchema
  .pick({
    optimizer: true,
    learningRate: true,
    warmup: true,
    decay: true,
    steps: true,
    batch: true,
  })
  .extend({
    microBatches: whole(1),
    ema: z.number(),
    flip: z.boolean(),
    net: z.string(),
    /**
     * Steps between distances, on samples of this many chains and draws: the best model is kept.
     */
    watch: z
      .strictObject({ every: whole(1), chains: whole(1), draws: whole(1), patience: whole(1) })
      .optional(),
  });

/** Everything that decides an experiment's numbers; kept in `experiment.json`. */
export const protocolSchema = z.strictObject({
  experiment: z.literal('paper-a'),
  scale: z.enum(['small', 'full']),
  data: z.strictObject({ name: z.string(), count: whole(1), hash: z.string() }),
  /** Feature network and the hash of its weights. */
  features: z.strictObject({ name: z.string(), id: z.string() }),
  classes: z.array(classSchema).min(1),
  training: trainingOfClass.optional(),
  /** Members (M, σ̃√M) of each class. */
  measurements: z.array(whole(1)).min(1),
  /** Effective frictions γδ. */
  frictions: z.array(positive).min(1),
  /** The first walks the whole grid, the others at its best friction. */
  kernels: z.array(z.enum(kernelNames)).min(1),
  seeds: z.array(whole(0)).min(1),
  /** δ in units of σ. */
  stepSize: positive,
  /** Of each cell: chains, jumps of each chain, steps between jumps, steps before the first. */
  chains: whole(2),
  draws: whole(1),
  jumpEvery: whole(1),
  burnIn: whole(0),
  /** Of the long chains. */
  long: z.strictObject({ chains: whole(1), draws: whole(10), jumpEvery: whole(1) }),
});

export type PaperAProtocol = z.output<typeof protocolSchema>;

type Sampling = Pick<
  PaperAProtocol,
  | 'measurements'
  | 'frictions'
  | 'kernels'
  | 'seeds'
  | 'stepSize'
  | 'chains'
  | 'draws'
  | 'jumpEvery'
  | 'burnIn'
  | 'long'
>;

/**
 * Scales of the experiment. `full` is paper A's: M = 1, 4, 16, Sachs et al. with frictions tuned,
 * 125 chains × 400 jumps, 5 seeds (section 5 and figure 2). What the paper leaves open, the step
 * σ/2, the frictions and the steps between jumps, is our reading.
 */
export const scales: Readonly<Record<PaperAProtocol['scale'], Sampling>> = {
  small: {
    measurements: [1, 4, 16],
    frictions: [1 / 64, 1 / 16, 1 / 4, 1],
    kernels: ['sachs', 'cheng', 'shen-lee'],
    seeds: [0, 1],
    stepSize: 0.5,
    chains: 100,
    draws: 10,
    jumpEvery: 10,
    burnIn: 100,
    long: { chains: 8, draws: 100, jumpEvery: 10 },
  },
  full: {
    measurements: [1, 4, 16],
    frictions: [1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4],
    kernels: ['sachs', 'cheng', 'shen-lee'],
    seeds: [0, 1, 2, 3, 4],
    stepSize: 0.5,
    chains: 125,
    draws: 400,
    jumpEvery: 20,
    burnIn: 100,
    long: { chains: 8, draws: 1000, jumpEvery: 20 },
  },
};

type Training = NonNullable<PaperAProtocol['training']>;

/**
 * How each scale trains. `full` is paper A's: Adagrad, batch 128, 400 passes over 50,000 images,
 * the learning rate rising linearly, the model of the lowest distance on 125 chains × 400 samples.
 * Rate, warm-up and the moving average are our reading.
 */
export const trainings: Readonly<Record<PaperAProtocol['scale'], Omit<Training, 'net'>>> = {
  small: {
    optimizer: 'adam',
    learningRate: 1.5e-3,
    warmup: 100,
    decay: 'cosine',
    ema: 0.99,
    steps: 1200,
    batch: 64,
    microBatches: 1,
    flip: false,
  },
  full: {
    optimizer: 'adagrad',
    learningRate: 1e-3,
    warmup: 5000,
    decay: 'none',
    ema: 0.999,
    steps: 156_250,
    batch: 128,
    microBatches: 16,
    flip: true,
    watch: { every: 3906, chains: 125, draws: 400, patience: 10 },
  },
};

/** One walk of an experiment. */
export interface PaperACell {
  /** Unique, and a name for files. */
  readonly id: string;
  /**
   * `friction`: the grid. `sequential`: one measurement after another. `kernel`: others at the best
   * friction. `long`: few chains, many steps.
   */
  readonly stage: 'friction' | 'sequential' | 'kernel' | 'long';
  /** Class σ̃. */
  readonly sigma: number;
  readonly measurements: number;
  readonly kernel: KernelName;
  readonly friction: number;
  readonly seed: number;
}

/** Makes a cell with its name. */
export function cellOf(cell: Omit<PaperACell, 'id'>): PaperACell {
  const { stage, sigma, measurements, kernel, friction, seed } = cell;
  const numbers = [`class${sigma}`, `M${measurements}`, kernel, `friction${friction}`];
  return { id: [stage, ...numbers, `seed${seed}`].join('-'), ...cell };
}

/**
 * Lists the grid, every class, member, friction and seed, with the first kernel; and with it the
 * walks of families of one measurement after another, which have a friction of their own.
 */
export function firstCells(protocol: PaperAProtocol): PaperACell[] {
  const { classes, measurements, frictions, kernels, seeds } = protocol;
  const kernel = kernels[0]!;
  const grid = classes.flatMap(({ sigma }) =>
    measurements.flatMap((m) =>
      frictions.flatMap((friction) =>
        seeds.map((seed) =>
          cellOf({ stage: 'friction', sigma, measurements: m, kernel, friction, seed }),
        ),
      ),
    ),
  );
  const { friction } = sequentialNumbers(protocol);
  const sequential = classes.flatMap(({ sigma, sequential: m }) =>
    m === undefined
      ? []
      : seeds.map((seed) =>
          cellOf({ stage: 'sequential', sigma, measurements: m, kernel, friction, seed }),
        ),
  );
  return [...grid, ...sequential];
}

const sequentialNumbers = ({ stepSize, jumpEvery, burnIn }: PaperAProtocol) =>
  numbersOf('sequential', { stepSize, jumpEvery, burnIn, friction: 0 });

/** The walk of a cell, and its jumps of each chain. */
export interface CellWalk {
  readonly draws: number;
  readonly walk: Omit<WalkJumpOptions, 'steps' | 'initial'> & {
    readonly jumpEvery: number;
    readonly burnIn: number;
  };
}

/** Says how a cell is walked. */
export function walkOfCell(cell: Omit<PaperACell, 'id'>, protocol: PaperAProtocol): CellWalk {
  const { stage, sigma, measurements, kernel, friction, seed } = cell;
  const { chains, draws, jumpEvery } = stage === 'long' ? protocol.long : protocol;
  const common = { measurements, kernel, friction, seed, chains };
  if (stage === 'sequential') {
    const numbers = sequentialNumbers(protocol);
    const one = { walk: 'sequential', effectiveSigma: sigma } as const;
    return { draws, walk: { ...numbers, ...common, ...one } };
  }
  const { burnIn, stepSize } = protocol;
  return { draws, walk: { ...common, jumpEvery, burnIn, stepSize } };
}

/** Finds the best friction of a class and member. */
export type BestFriction = (sigma: number, measurements: number) => number | undefined;

/**
 * Lists what follows the grid, at its best frictions: the other kernels on the first member of each
 * class, and long single chains of every member. Nothing where no cell of the grid came out.
 */
export function followingCells(protocol: PaperAProtocol, best: BestFriction): PaperACell[] {
  const { classes, measurements, kernels: names, seeds } = protocol;
  const first = measurements[0]!;
  const others = classes.flatMap(({ sigma }) => {
    const friction = best(sigma, first);
    if (friction === undefined) return [];
    return names
      .slice(1)
      .flatMap((kernel) =>
        seeds.map((seed) =>
          cellOf({ stage: 'kernel', sigma, measurements: first, kernel, friction, seed }),
        ),
      );
  });
  const long = classes.flatMap(({ sigma }) =>
    measurements.flatMap((m) => {
      const friction = best(sigma, m);
      if (friction === undefined) return [];
      const kernel = names[0]!;
      return [cellOf({ stage: 'long', sigma, measurements: m, kernel, friction, seed: seeds[0]! })];
    }),
  );
  return [...others, ...long];
}

/** Counts the score calls of all chains of a cell. */
export function costOf(cell: Omit<PaperACell, 'id'>, protocol: PaperAProtocol): number {
  const { draws, walk } = walkOfCell(cell, protocol);
  const { chains, jumpEvery, burnIn } = walk;
  const { scoreCalls } = kernels[cell.kernel];
  const factors = cell.stage === 'sequential' ? blockSizes(cell.measurements).length : 1;
  const perDraw = furtherCalls(factors, walk.factorSteps, scoreCalls) + 1;
  return chains * ((burnIn + draws * jumpEvery) * scoreCalls + draws * perDraw);
}

/**
 * Checks that a folder's protocol is the one that is wanted.
 * @throws UserError naming what differs first.
 */
export function checkSame(kept: PaperAProtocol, wanted: PaperAProtocol, folder: string): void {
  checkSameProtocol(withoutPaths(kept), withoutPaths(wanted), folder);
}

/** A model that is given is known by its hash, wherever it is now. */
function withoutPaths({ classes, ...rest }: PaperAProtocol) {
  const known = classes.map(({ sigma, model, hash }) => ({ sigma, model: hash ?? model }));
  return { ...rest, classes: known };
}
