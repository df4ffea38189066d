/**
 * Pickles of NVlabs/edm (Karras et al. 2022): DDPM++, NCSN++ and ADM under the preconditioning of
 * that paper, or of those before it. They say themselves what they are.
 */
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { oneLine } from '../../quoted.ts';
import type { DiffusionConfig } from '../diffusion.ts';
import { fromEdmNames } from './edm-names.ts';
import { type Refuse, readEdmNetwork } from './edm-network.ts';
import { type Facts, familyConfig, type Recipe, SIGNED } from './recipe.ts';

const count = z.int().min(1);

const settingsSchema = z.object({
  img_resolution: count,
  img_channels: count,
  label_dim: z.int().min(0),
  sigma_min: z.number().min(0),
  sigma_max: z.number().positive().or(z.literal(Number.POSITIVE_INFINITY)),
  sigma_data: z.literal(0.5).optional(),
  /** Of VP: β rises by `beta_d` from `beta_min`. */
  beta_d: z.number().positive().optional(),
  beta_min: z.number().positive().optional(),
  /** Steps. */
  M: count.optional(),
  /** Of the cosine: the largest β is 1 less the first, the offset of the time the second. */
  C_1: z.literal(0.001).optional(),
  C_2: z.literal(0.008).optional(),
});

type Settings = z.output<typeof settingsSchema>;

/** What each preconditioning predicts and is told, by the name of its class. */
const preconditionings: Readonly<
  Record<string, (settings: Settings) => Pick<DiffusionConfig, 'target' | 'time'>>
> = {
  EDMPrecond: () => ({ target: 'edm', time: { factor: 0.25 } }),
  VPPrecond: ({ beta_min: from = 0.1, beta_d: rise = 19.9, M = 1000 }) => ({
    target: 'epsilon',
    time: { rates: [from, from + rise], unit: M - 1 },
  }),
  VEPrecond: () => ({ target: 'exploding', time: { factor: 1, over: 2 } }),
  iDDPMPrecond: ({ M: steps = 1000 }) => ({
    target: 'epsilon',
    time: { schedule: { type: 'cosine', steps }, unit: 1 },
  }),
};

/** σ that these networks are sampled at, where they do not say it (Karras et al. 2022, table 1). */
const SAMPLED = { from: 0.002, to: 80 } as const;

/** Reads a pickle of that project. */
export const edm: Recipe = {
  name: 'edm',
  description: 'pickles of NVlabs/edm: DDPM++, NCSN++ and ADM, with classes and without',
  licence: 'CC BY-NC-SA 4.0',
  read: ({ source, weights, modules }) => {
    const refuse: Refuse = (problem) =>
      new UserError(`${source}: ${problem}`, { code: 'unsupported', facts: { path: source } });
    if (modules === undefined) {
      throw refuse('is no pickle of NVlabs/edm, which holds its modules; give its .pkl');
    }
    const { class: kind, settings } = modules['']!;
    if (!Object.hasOwn(preconditionings, kind)) {
      const known = Object.keys(preconditionings).join(', ');
      throw refuse(`is of class ${oneLine(kind, 60)}; known are ${known}`);
    }
    const parsed = settingsSchema.safeParse(settings);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw refuse(`setting ${issue!.path.join('.')}: ${oneLine(issue!.message, 120)}`);
    }
    const { img_resolution: height, img_channels: channels, label_dim: classes } = parsed.data;
    const { outputChannels, ...network } = readEdmNetwork(modules, weights, height, refuse);
    const diffusion = { range: SIGNED, ...preconditionings[kind]!(parsed.data) };
    const config = familyConfig({
      shape: [channels, height, height],
      network: { ...network, ...(outputChannels !== channels && { outputChannels }) },
      diffusion,
      ...(!('schedule' in diffusion.time) && { noise: noiseOf(parsed.data) }),
      ...(classes > 0 && {
        condition: { type: 'class', classes, required: true, dropout: 0 },
      }),
    });
    const isScaled = network.layout === 'song';
    return { config, weights: fromEdmNames(weights, modules, { isScaled }) };
  },
};

function noiseOf({ sigma_min: from, sigma_max: to }: Settings): NonNullable<Facts['noise']> {
  return { from: from > 0 ? from : SAMPLED.from, to: Number.isFinite(to) ? to : SAMPLED.to };
}
