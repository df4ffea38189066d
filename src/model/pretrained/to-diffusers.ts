/** The other way: a diffusion model as a folder that diffusers opens. */
import { UserError } from '../../errors.ts';
import type { UNetConfig } from '../../nn/index.ts';
import type { ModelConfig } from '../config.ts';
import type { DiffusionConfig } from '../diffusion.ts';
import type { ScheduleConfig } from '../schedule.ts';
import { type NamedWeights, nameWeights, type TrainedModel, type WeightArray } from '../weights.ts';
import { toDiffusersNames } from './diffusers-names.ts';

/** What `save_pretrained` of a `DDPMPipeline`'s parts writes. */
export interface DiffusersFiles {
  /** JSON by the name of its file. */
  readonly json: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly weights: NamedWeights;
}

/** Options of networks that `UNet2DModel` has no words for. */
const ofSong = [
  'layout',
  'groupSize',
  'resampleFilter',
  'imageInput',
  'imageOutput',
  'timeFrequencies',
] as const;

/**
 * Makes the files of a `UNet2DModel` and its scheduler.
 *
 * @throws UserError for a model that they cannot say: no diffusion over steps in [−1, 1], or a
 *   network of another form.
 */
export function toDiffusers(model: TrainedModel): DiffusersFiles {
  const { config } = model;
  const { network, diffusion, shape } = config;
  if (diffusion === undefined || network.type !== 'unet') {
    throw refusal('is no diffusion over steps of time, which is all that diffusers knows');
  }
  const own = ofSong.find((name) => network[name] !== undefined);
  if (own !== undefined) throw refusal(`has a network with ${own}`);
  const height = shape[1]!;
  const size = headSizeOf(network, height);
  const weights = withHeadsLast(nameWeights(model), network, size);
  return {
    json: {
      'config.json': networkJson(config, network, size),
      'scheduler_config.json': schedulerJson(diffusion, network),
      'model_index.json': {
        _class_name: 'DDPMPipeline',
        scheduler: ['diffusers', 'DDPMScheduler'],
        unet: ['diffusers', 'UNet2DModel'],
      },
    },
    weights: toDiffusersNames(weights, network, height),
  };
}

function refusal(problem: string): UserError {
  return new UserError(`format diffusers: the model ${problem}; export it as onnx or safetensors`, {
    code: 'unsupported',
    facts: { option: 'format' },
  });
}

const channelsOf = ({ channelMult, modelChannels }: UNetConfig) =>
  channelMult.map((mult) => Math.round(mult * modelChannels));

/** Channels of every head: diffusers has one number for all levels; none for one head. */
function headSizeOf(network: UNetConfig, height: number): number | null {
  const { numHeads, numHeadChannels, attentionResolutions, middleAttention } = network;
  if (numHeadChannels !== undefined) return numHeadChannels;
  if (numHeads === 1) return null;
  const { upAttentionResolutions: up = attentionResolutions } = network;
  const channels = channelsOf(network);
  const attending = channels.filter(
    (_, level) =>
      attentionResolutions.includes(height / 2 ** level) || up.includes(height / 2 ** level),
  );
  const sizes = new Set(
    [...attending, ...(middleAttention === 'none' ? [] : channels.slice(-1))].map(
      (count) => count / numHeads,
    ),
  );
  if (sizes.size > 1) throw refusal(`has ${numHeads} heads of several sizes`);
  return [...sizes][0] ?? null;
}

/** Orders the rows of `qkv` as all queries, all keys, all values. */
function withHeadsLast(
  weights: NamedWeights,
  { attentionOrder }: UNetConfig,
  size: number | null,
): NamedWeights {
  if (attentionOrder === 'headsLast' || size === null) return weights;
  const entries = Object.entries(weights).map(
    ([name, array]) =>
      [name, /\.qkv\.(weight|bias)$/.test(name) ? reordered(array, size) : array] as const,
  );
  return Object.fromEntries(entries);
}

function reordered({ shape, data }: WeightArray, size: number): WeightArray {
  const rows = shape[0]!;
  const width = data.length / rows;
  const heads = rows / (3 * size);
  const made = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const [head, which, within] = [
      Math.floor(row / (3 * size)),
      Math.floor(row / size) % 3,
      row % size,
    ];
    const to = (which * heads + head) * size + within;
    made.set(data.subarray(row * width, (row + 1) * width), to * width);
  }
  return { shape, data: made };
}

function networkJson({ shape, condition }: ModelConfig, network: UNetConfig, size: number | null) {
  const { attentionResolutions, upAttentionResolutions: up = attentionResolutions } = network;
  const { middleAttention = 'norm', scaleShiftNorm, groups, resample } = network;
  const channels = channelsOf(network);
  if (resample === 'pool') throw refusal('changes the resolution without weights');
  if (network.channelMult[0] !== 1) throw refusal('begins with other channels than its embedding');
  if (middleAttention === 'plain' && !scaleShiftNorm) {
    throw refusal('has attention without a norm in its middle');
  }
  const [height, width] = [shape[1]!, shape[2]!];
  const isBlock = resample === 'block';
  const types = (resolutions: readonly number[], way: 'Down' | 'Up') =>
    channels.map((_, level) => {
      if (resolutions.includes(height / 2 ** level)) return `Attn${way}Block2D`;
      return isBlock ? `Resnet${way}sampleBlock2D` : `${way}Block2D`;
    });
  return {
    _class_name: 'UNet2DModel',
    sample_size: height === width ? height : [height, width],
    in_channels: shape[0],
    out_channels: network.outputChannels ?? shape[0],
    block_out_channels: channels,
    layers_per_block: network.numResBlocks,
    down_block_types: types(attentionResolutions, 'Down'),
    up_block_types: types(up, 'Up').reverse(),
    downsample_type: isBlock ? 'resnet' : 'conv',
    upsample_type: isBlock ? 'resnet' : 'conv',
    downsample_padding: network.downPadding === 'behind' ? 0 : 1,
    attention_head_dim: size,
    norm_num_groups: groups,
    attn_norm_num_groups: middleAttention === 'norm' && scaleShiftNorm ? groups : null,
    norm_eps: network.epsilon ?? 1e-5,
    add_attention: middleAttention !== 'none',
    resnet_time_scale_shift: scaleShiftNorm ? 'scale_shift' : 'default',
    flip_sin_to_cos: network.timeFirst !== 'sin',
    freq_shift: network.timeShift ?? 0,
    dropout: network.dropout,
    ...(condition?.type === 'class' && { num_class_embeds: condition.classes }),
  };
}

const predictions = { epsilon: 'epsilon', velocity: 'v_prediction', sample: 'sample' } as const;

function schedulerJson({ target, time, range }: DiffusionConfig, network: UNetConfig) {
  if (target === 'edm' || target === 'exploding' || !('schedule' in time)) {
    throw refusal('is preconditioned by its noise, not a diffusion over steps');
  }
  if (time.unit !== 1) throw refusal(`is told its step times ${time.unit}`);
  if (range[0] !== -1 || range[1] !== 1) throw refusal('sees images outside [−1, 1]');
  return {
    _class_name: 'DDPMScheduler',
    ...scheduleJson(time.schedule),
    prediction_type: predictions[target],
    clip_sample: true,
    variance_type: network.outputChannels === undefined ? 'fixed_small' : 'learned_range',
  };
}

function scheduleJson(schedule: ScheduleConfig) {
  if (schedule.type === 'betas') {
    return { num_train_timesteps: schedule.betas.length, trained_betas: schedule.betas };
  }
  const { steps: num_train_timesteps } = schedule;
  if (schedule.type === 'cosine') {
    return { num_train_timesteps, beta_schedule: 'squaredcos_cap_v2' };
  }
  return {
    num_train_timesteps,
    beta_schedule: schedule.type === 'linear' ? 'linear' : 'scaled_linear',
    beta_start: schedule.betaStart,
    beta_end: schedule.betaEnd,
  };
}
