/** `config.json` of diffusers' `UNet2DModel`, as our U-Net. */
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { Shape } from '../../graph/index.ts';
import { type UNetConfig, unetSchema } from '../../nn/index.ts';
import { oneLine } from '../../quoted.ts';
import type { ConditionConfig } from '../condition.ts';

const count = z.int().min(1);

/** Fields with diffusers' own defaults; those that change nothing in what is computed are left. */
const configSchema = z.object({
  sample_size: z.union([count, z.array(count).length(2)]).nullish(),
  in_channels: count.default(3),
  out_channels: count.default(3),
  center_input_sample: z.boolean().default(false),
  time_embedding_type: z.string().default('positional'),
  time_embedding_dim: count.nullish(),
  freq_shift: z.number().min(0).default(0),
  flip_sin_to_cos: z.boolean().default(true),
  down_block_types: z
    .array(z.string())
    .min(1)
    .default(['DownBlock2D', 'AttnDownBlock2D', 'AttnDownBlock2D', 'AttnDownBlock2D']),
  mid_block_type: z.string().nullable().default('UNetMidBlock2D'),
  up_block_types: z
    .array(z.string())
    .min(1)
    .default(['AttnUpBlock2D', 'AttnUpBlock2D', 'AttnUpBlock2D', 'UpBlock2D']),
  block_out_channels: z.array(count).min(1).default([224, 448, 672, 896]),
  layers_per_block: count.default(2),
  mid_block_scale_factor: z.number().default(1),
  downsample_padding: z.int().min(0).default(1),
  downsample_type: z.string().default('conv'),
  upsample_type: z.string().default('conv'),
  dropout: z.number().default(0),
  act_fn: z.string().default('silu'),
  attention_head_dim: count.nullable().default(8),
  norm_num_groups: count.nullable().default(32),
  attn_norm_num_groups: count.nullish(),
  norm_eps: z.number().positive().default(1e-5),
  resnet_time_scale_shift: z.string().default('default'),
  add_attention: z.boolean().default(true),
  class_embed_type: z.string().nullish(),
  num_class_embeds: count.nullish(),
});

export type DiffusersConfig = z.output<typeof configSchema>;

/** What a block of the way down or up is: attention behind its layers, and how it resamples. */
const blockKinds: Readonly<Record<string, { attends: boolean; resamples?: 'block' | 'conv' }>> = {
  DownBlock2D: { attends: false, resamples: 'conv' },
  UpBlock2D: { attends: false, resamples: 'conv' },
  ResnetDownsampleBlock2D: { attends: false, resamples: 'block' },
  ResnetUpsampleBlock2D: { attends: false, resamples: 'block' },
  // As `downsample_type` and `upsample_type` say.
  AttnDownBlock2D: { attends: true },
  AttnUpBlock2D: { attends: true },
};

/** Blocks of NCSN++ (Song et al. 2021), which go together. */
const skipKinds: typeof blockKinds = {
  SkipDownBlock2D: { attends: false, resamples: 'block' },
  SkipUpBlock2D: { attends: false, resamples: 'block' },
  AttnSkipDownBlock2D: { attends: true, resamples: 'block' },
  AttnSkipUpBlock2D: { attends: true, resamples: 'block' },
};

/** What `config.json` says of a model. */
export interface DiffusersNetwork {
  readonly shape: Shape;
  readonly network: UNetConfig;
  readonly condition?: ConditionConfig;
  /** What it is told: a step, or the logarithm of the noise; and whether it centres images. */
  readonly convention: DiffusersConvention;
}

export interface DiffusersConvention {
  readonly told: 'step' | 'noise';
  readonly centres: boolean;
}

/**
 * Reads `config.json`. `source` names it in errors.
 *
 * @throws UserError for another class than `UNet2DModel`, and options that are not known.
 */
export function readDiffusersConfig(json: unknown, source: string): DiffusersNetwork {
  const refuse = refusalOf(source);
  const found = (json as { readonly _class_name?: unknown } | undefined)?._class_name;
  if (found !== 'UNet2DModel') {
    throw refuse(`is of class ${oneLine(String(found), 60)}; known is UNet2DModel`);
  }
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(`field ${issue!.path.join('.')}: ${oneLine(issue!.message, 120)}`);
  }
  const config = parsed.data;
  const isSkip = [...config.down_block_types, ...config.up_block_types].some((type) =>
    Object.hasOwn(skipKinds, type),
  );
  checkKnown(config, isSkip, refuse);
  const { sample_size: size, num_class_embeds: classes } = config;
  if (size === undefined || size === null) {
    throw refuse('does not say sample_size, the height and width of images; add it');
  }
  const [height, width] = typeof size === 'number' ? [size, size] : (size as [number, number]);
  return {
    shape: [config.in_channels, height, width],
    network: networkOf(config, height, isSkip, refuse),
    convention: {
      told: config.time_embedding_type === 'fourier' ? 'noise' : 'step',
      centres: config.center_input_sample,
    },
    ...(typeof classes === 'number' && {
      condition: { type: 'class', classes, required: true, dropout: 0 },
    }),
  };
}

type Refuse = (problem: string) => UserError;

const refusalOf =
  (source: string): Refuse =>
  (problem) =>
    new UserError(`${source}: ${problem}`, { code: 'unsupported', facts: { path: source } });

/** Options of which one value alone is known. */
function checkKnown(config: DiffusersConfig, isSkip: boolean, refuse: Refuse): void {
  const isToldNoise = config.time_embedding_type === 'fourier';
  const wanted: Partial<Record<keyof DiffusersConfig, readonly unknown[]>> = {
    center_input_sample: isToldNoise ? [false, true] : [false],
    time_embedding_type: ['positional', 'fourier'],
    time_embedding_dim: [undefined, null, 4 * config.block_out_channels[0]!],
    mid_block_type: ['UNetMidBlock2D'],
    downsample_padding: [0, 1],
    act_fn: ['silu', 'swish'],
    attn_norm_num_groups: [undefined, null, config.norm_num_groups],
    resnet_time_scale_shift: ['default', 'scale_shift'],
    class_embed_type: [undefined, null],
    ...(isSkip
      ? {
          // They choose their groups themselves.
          norm_num_groups: [null],
          add_attention: [true],
          resnet_time_scale_shift: ['default'],
          num_class_embeds: [undefined, null],
        }
      : { norm_num_groups: [config.norm_num_groups ?? 32] }),
  };
  for (const [name, values] of Object.entries(wanted)) {
    const value = config[name as keyof DiffusersConfig];
    if (values.includes(value)) continue;
    const known = values.filter((each) => each !== undefined).join(', ');
    throw refuse(`${name} ${oneLine(String(value), 60)} is not known here; known is ${known}`);
  }
  // Sums of blocks with skips are divided by √2.
  const scale = config.mid_block_scale_factor;
  if (Math.abs(scale - (isSkip ? Math.SQRT2 : 1)) > 1e-6) {
    throw refuse(`mid_block_scale_factor ${scale} is not known here with such blocks`);
  }
  const { in_channels: from, out_channels: to } = config;
  if (to === from || to === 2 * from) return;
  throw refuse(`makes ${to} channels of ${from}; a denoiser makes as many, or a variance beside`);
}

function networkOf(
  config: DiffusersConfig,
  height: number,
  isSkip: boolean,
  refuse: Refuse,
): UNetConfig {
  const kinds = isSkip ? skipKinds : blockKinds;
  const { block_out_channels: channels, down_block_types: down, up_block_types: up } = config;
  if (down.length !== channels.length || up.length !== channels.length) {
    throw refuse('has other numbers of down_block_types, up_block_types and block_out_channels');
  }
  const unknown = [...down, ...up].find((type) => !Object.hasOwn(kinds, type));
  if (unknown !== undefined) {
    throw refuse(`has a block ${oneLine(unknown, 60)}; known are ${Object.keys(kinds).join(', ')}`);
  }
  const resolutions = (types: readonly string[]) =>
    types.flatMap((type, level) => (kinds[type]!.attends ? [height / 2 ** level] : []));
  const [attention, upAttention] = [resolutions(down), resolutions(up.toReversed())];
  const scaleShiftNorm = config.resnet_time_scale_shift === 'scale_shift';
  const hasNorm = !scaleShiftNorm || typeof config.attn_norm_num_groups === 'number';
  const modelChannels = channels[0]!;
  const narrow = channels.find((each, level) => each < 128 && attendsAt(down, up, level, kinds));
  if (isSkip && narrow !== undefined) {
    throw refuse(`attends to ${narrow} channels behind a skip, whose groups are known from 128 on`);
  }
  return unetSchema.parse({
    type: 'unet',
    modelChannels,
    channelMult: channels.map((each) => each / modelChannels),
    numResBlocks: config.layers_per_block,
    attentionResolutions: attention,
    ...(upAttention.join() !== attention.join() && { upAttentionResolutions: upAttention }),
    ...(!(config.add_attention && hasNorm) && {
      middleAttention: config.add_attention ? 'plain' : 'none',
    }),
    ...(config.attention_head_dim !== null && { numHeadChannels: config.attention_head_dim }),
    attentionOrder: 'headsLast',
    resample: isSkip ? 'block' : resampleOf(config, refuse),
    ...(isSkip && {
      layout: 'song',
      resampleFilter: 'binomial',
      imageInput: 'skip',
      imageOutput: 'skip',
      ...(channels.some((each) => each < 128) && { groupSize: 4 }),
    }),
    ...(config.downsample_padding === 0 && { downPadding: 'behind' }),
    scaleShiftNorm,
    dropout: config.dropout,
    groups: config.norm_num_groups ?? 32,
    epsilon: config.norm_eps,
    ...(config.time_embedding_type === 'fourier'
      ? { timeFirst: 'sin' }
      : { timeFirst: config.flip_sin_to_cos ? 'cos' : 'sin', timeShift: config.freq_shift }),
    ...(config.out_channels !== config.in_channels && { outputChannels: config.out_channels }),
  });
}

/** Tells whether a level has attention on either way. */
const attendsAt = (
  down: readonly string[],
  up: readonly string[],
  level: number,
  kinds: typeof blockKinds,
) => [down[level]!, up.at(-1 - level)!].some((type) => kinds[type]!.attends);

/** The one way in which all levels change the resolution. */
function resampleOf(config: DiffusersConfig, refuse: Refuse): 'block' | 'conv' {
  const { down_block_types: down, up_block_types: up } = config;
  const named = { conv: 'conv', resnet: 'block' } as Readonly<Record<string, 'conv' | 'block'>>;
  // The last block of either way does not resample.
  const ways = [
    ...down
      .slice(0, -1)
      .map((type) => blockKinds[type]!.resamples ?? named[config.downsample_type]),
    ...up.slice(0, -1).map((type) => blockKinds[type]!.resamples ?? named[config.upsample_type]),
  ];
  const [first = 'conv', ...rest] = ways;
  if (rest.every((way) => way === first)) return first;
  throw refuse('changes the resolution in several ways; known is one way for all levels');
}
