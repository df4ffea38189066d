/** `scheduler_config.json` of diffusers, as the conventions of a diffusion. */
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { oneLine } from '../../quoted.ts';
import type { DiffusionConfig } from '../diffusion.ts';
import { type ScheduleConfig, withoutLastSignal } from '../schedule.ts';
import type { DiffusersConvention } from './diffusers-config.ts';
import { type Facts, SIGNED } from './recipe.ts';

/** Ends of β where a scheduler of this class does not write them. */
const paper = [1e-4, 0.02] as const;
const latent = [0.00085, 0.012] as const;

/** Schedulers over the steps of one variance-preserving diffusion: they differ in how they walk. */
const betaEnds: Readonly<Record<string, readonly [number, number]>> = {
  DDPMScheduler: paper,
  DDPMParallelScheduler: paper,
  DDIMScheduler: paper,
  DDIMParallelScheduler: paper,
  DDIMInverseScheduler: paper,
  PNDMScheduler: paper,
  DPMSolverMultistepScheduler: paper,
  DPMSolverSinglestepScheduler: paper,
  DEISMultistepScheduler: paper,
  UniPCMultistepScheduler: paper,
  EulerDiscreteScheduler: paper,
  EulerAncestralDiscreteScheduler: paper,
  LMSDiscreteScheduler: paper,
  HeunDiscreteScheduler: latent,
  KDPM2DiscreteScheduler: latent,
  KDPM2AncestralDiscreteScheduler: latent,
};

const schedulerSchema = z.object({
  num_train_timesteps: z.int().min(2).default(1000),
  beta_start: z.number().optional(),
  beta_end: z.number().optional(),
  beta_schedule: z.string().default('linear'),
  trained_betas: z.array(z.number()).nullish(),
  prediction_type: z.string().optional(),
  /** What old files have in its place. */
  predict_epsilon: z.boolean().optional(),
  rescale_betas_zero_snr: z.boolean().default(false),
  timestep_type: z.string().default('discrete'),
});

/** The process of exploding variance, over levels of noise and not over steps. */
const EXPLODING = 'ScoreSdeVeScheduler';

const explodingSchema = z.object({
  sigma_min: z.number().positive().default(0.01),
  sigma_max: z.number().positive().default(1348),
});

type Scheduler = z.output<typeof schedulerSchema>;

const targets: Readonly<Record<string, DiffusionConfig['target']>> = {
  epsilon: 'epsilon',
  v_prediction: 'velocity',
  sample: 'sample',
};

/**
 * Reads `scheduler_config.json`. `source` names it in errors.
 *
 * @param convention of the network: over levels of noise its images are in [0, 1], or it centres
 *   them itself.
 * @throws UserError for a scheduler or a schedule that is not known, or not of such a network.
 */
export function readDiffusersScheduler(
  json: unknown,
  source: string,
  { told, centres }: DiffusersConvention = { told: 'step', centres: false },
): Pick<Facts, 'diffusion' | 'noise'> {
  const refuse = (problem: string) =>
    new UserError(`${source}: ${problem}`, { code: 'unsupported', facts: { path: source } });
  const name = String((json as { readonly _class_name?: unknown } | undefined)?._class_name);
  if (name.startsWith('CM')) {
    throw refuse(
      'is of a consistency model, which maps noise to the end of a trajectory and is no denoiser; give a diffusion model',
    );
  }
  const known = told === 'noise' ? [EXPLODING] : Object.keys(betaEnds);
  if (!known.includes(name)) {
    const network = told === 'noise' ? ' of a network that is told its noise' : '';
    throw refuse(
      `scheduler ${oneLine(name, 60)}${network} is not known; known are ${known.join(', ')}`,
    );
  }
  const read = <T>(schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw refuse(`field ${issue!.path.join('.')}: ${oneLine(issue!.message, 120)}`);
  };
  if (told === 'noise') {
    const { sigma_min: from, sigma_max: to } = read(explodingSchema);
    if (!(from < to)) throw refuse('sigma_min is not below sigma_max');
    // Told ln σ of images in [0, 1], whatever range it sees.
    const width = centres ? 2 : 1;
    return {
      diffusion: {
        range: centres ? SIGNED : [0, 1],
        target: 'exploding',
        time: { factor: 1, ...(centres && { over: width }) },
      },
      noise: { from: width * from, to: width * to },
    };
  }
  const config = read(schedulerSchema);
  const { rescale_betas_zero_snr: rescales, timestep_type: times } = config;
  if (times !== 'discrete') throw refuse(`timestep_type ${oneLine(times, 40)} is not known here`);
  const schedule = scheduleOf(config, betaEnds[name]!, refuse);
  return {
    diffusion: {
      range: SIGNED,
      target: targetOf(config, refuse),
      time: { schedule: rescales ? withoutLastSignal(schedule) : schedule, unit: 1 },
    },
  };
}

type Refuse = (problem: string) => UserError;

function targetOf(config: Scheduler, refuse: Refuse): DiffusionConfig['target'] {
  const old = config.predict_epsilon === false ? 'sample' : 'epsilon';
  const { prediction_type: type = old } = config;
  const target = Object.hasOwn(targets, type) ? targets[type] : undefined;
  if (target !== undefined) return target;
  throw refuse(
    `prediction_type ${oneLine(type, 40)} is not known; known are ${Object.keys(targets).join(', ')}`,
  );
}

function scheduleOf(
  config: Scheduler,
  [start, end]: readonly [number, number],
  refuse: Refuse,
): ScheduleConfig {
  const { num_train_timesteps: steps, beta_schedule: name, trained_betas: betas } = config;
  const { beta_start: betaStart = start, beta_end: betaEnd = end } = config;
  const isBeta = (beta: number) => beta > 0 && beta < 1;
  if (![betaStart, betaEnd, ...(betas ?? [])].every(isBeta)) {
    throw refuse('has a β that is not between 0 and 1');
  }
  if (betas) return { type: 'betas', betas };
  if (name === 'squaredcos_cap_v2') return { type: 'cosine', steps };
  if (name === 'linear') return { type: 'linear', steps, betaStart, betaEnd };
  if (name === 'scaled_linear') return { type: 'scaled-linear', steps, betaStart, betaEnd };
  throw refuse(
    `beta_schedule ${oneLine(name, 40)} is not known; known are linear, scaled_linear, squaredcos_cap_v2`,
  );
}
