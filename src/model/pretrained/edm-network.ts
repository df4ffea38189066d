/** Networks of NVlabs/edm, as their modules say them, as our U-Net. */
import type { UserError } from '../../errors.ts';
import { type UNetConfig, unetSchema } from '../../nn/index.ts';
import { oneLine } from '../../quoted.ts';
import type { NamedWeights } from '../weights.ts';
import type { Modules } from './edm-names.ts';

export type Refuse = (problem: string) => UserError;

/** What is known of their filters, by the numbers along an axis. */
const filters: Readonly<Record<string, 'box' | 'binomial'>> = {
  '0.5,0.5': 'box',
  '0.125,0.375,0.375,0.125': 'binomial',
};

/** DDPM++ and NCSN++ (`SongUNet`), or ADM (`DhariwalUNet`). */
const networks = ['SongUNet', 'DhariwalUNet'] as const;

/**
 * Reads the network for images of a height.
 *
 * @throws UserError, by `refuse`, for one of another kind, or with options that are not known.
 */
export function readEdmNetwork(
  modules: Modules,
  weights: NamedWeights,
  height: number,
  refuse: Refuse,
): UNetConfig {
  const kind = modules.model?.class;
  if (!networks.some((known) => known === kind)) {
    throw refuse(`has a network ${oneLine(String(kind), 60)}; known are ${networks.join(', ')}`);
  }
  const isSong = kind === 'SongUNet';
  const paths = Object.keys(modules);
  const has = (name: string) => paths.some((path) => path.endsWith(`_${name}`));
  const levels = levelsOf(paths, height, refuse);
  const outputs = (path: string) => {
    const shape = Object.hasOwn(weights, path) ? weights[path]!.shape : [];
    if (shape.length === 4) return shape[0]!;
    throw refuse(`lacks ${path}; get the file again`);
  };
  const isBlock = new RegExp(`^model\\.enc\\.${height}x${height}_block\\d+$`);
  const first = (at: number) => `model.enc.${at}x${at}_block0`;
  const noise = readNoise(modules, weights, isSong, refuse);
  const { modelChannels = outputs(`model.enc.${height}x${height}_conv.weight`), ...time } = noise;
  const { same, number } = settingsOf(modules, refuse);
  if (!near(number('UNetBlock', 'skip_scale'), isSong ? Math.SQRT1_2 : 1)) {
    throw refuse('scales its sums by other than is known');
  }
  const filter = filterOf(weights, refuse);
  const outputChannels = outputs(
    `model.${isSong ? `dec.${height}x${height}_aux` : 'out'}_conv.weight`,
  );
  const parsed = unetSchema.safeParse({
    type: 'unet',
    ...(isSong && { layout: 'song' }),
    modelChannels,
    channelMult: levels.map((at) => outputs(`${first(at)}.conv1.weight`) / modelChannels),
    numResBlocks: paths.filter((path) => isBlock.test(path)).length,
    attentionResolutions: levels.filter((at) => Object.hasOwn(weights, `${first(at)}.qkv.weight`)),
    ...headsOf(modules, refuse),
    resample: 'block',
    ...(filter !== 'box' && { resampleFilter: filter }),
    ...(has('aux_residual') && { imageInput: 'residual' }),
    ...(has('aux_skip') && { imageInput: 'skip' }),
    ...(has('aux_up') && { imageOutput: 'skip' }),
    scaleShiftNorm: same('UNetBlock', 'adaptive_scale') === true,
    dropout: number('UNetBlock', 'dropout'),
    ...groupsOf(modules, weights, refuse),
    epsilon: number('GroupNorm', 'eps'),
    ...time,
    outputChannels,
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refuse(`its ${issue!.path.join('.')}: ${oneLine(issue!.message, 120)}`);
}

const near = (a: number, b: number) => Math.abs(a - b) < 1e-6;

/** Heights of feature maps on the way down. */
function levelsOf(paths: readonly string[], height: number, refuse: Refuse): readonly number[] {
  const found = paths.flatMap((path) => /^model\.enc\.(\d+)x\1_block0$/.exec(path)?.[1] ?? []);
  const levels = found.map(Number);
  if (levels.length > 0 && levels.every((at, level) => at === height / 2 ** level)) return levels;
  throw refuse(`has levels of ${oneLine(found.join(', '), 60)} pixels, not halves of ${height}`);
}

/** Settings that all modules of a class share. */
function settingsOf(modules: Modules, refuse: Refuse) {
  const same = (kind: string, name: string) => {
    const own = Object.values(modules).filter((each) => each.class === kind);
    const [value, ...others] = new Set(own.map(({ settings }) => settings[name]));
    if (value !== undefined && others.length === 0) return value;
    throw refuse(`has no ${name} that all of ${kind} share`);
  };
  const number = (kind: string, name: string) => {
    const value = same(kind, name);
    if (typeof value === 'number') return value;
    throw refuse(`${name} of ${kind} is no number`);
  };
  return { same, number };
}

/** How the time is embedded; of ADM also its channels, which the first convolution multiplies. */
function readNoise(
  modules: Modules,
  weights: NamedWeights,
  isSong: boolean,
  refuse: Refuse,
): Partial<UNetConfig> {
  const { class: kind, settings } = modules['model.map_noise'] ?? { class: '', settings: {} };
  const { num_channels: channels, max_positions: longest, endpoint } = settings;
  const timeFirst = isSong && ({ timeFirst: 'sin' } as const);
  if (kind === 'FourierEmbedding') {
    const turns = weights['model.map_noise.freqs']?.data ?? [];
    return { ...timeFirst, timeFrequencies: Array.from(turns, (turn) => 2 * Math.PI * turn) };
  }
  if (kind !== 'PositionalEmbedding' || longest !== 10_000) {
    throw refuse(`embeds the noise by ${oneLine(kind, 60)} in a way that is not known`);
  }
  return {
    ...timeFirst,
    ...(endpoint === true && { timeShift: 1 }),
    ...(!isSong && typeof channels === 'number' && { modelChannels: channels }),
  };
}

/** Every norm has 32 groups; where channels are few, as many as have four. */
function groupsOf(modules: Modules, weights: NamedWeights, refuse: Refuse) {
  let isFew = false;
  for (const [path, { class: kind, settings }] of Object.entries(modules)) {
    if (kind !== 'GroupNorm') continue;
    const channels = weights[`${path}.weight`]?.data.length ?? 0;
    isFew ||= settings.num_groups !== 32;
    if (settings.num_groups === Math.min(32, Math.floor(channels / 4))) continue;
    throw refuse(`${oneLine(path, 60)} has ${settings.num_groups} groups of ${channels} channels`);
  }
  return isFew ? { groupSize: 4 } : {};
}

/** The filter of all that changes the resolution: a kernel that is a product of its axes. */
function filterOf(weights: NamedWeights, refuse: Refuse): 'box' | 'binomial' {
  const names = Object.keys(weights).filter((name) => name.endsWith('.resample_filter'));
  const found = new Set(
    names.map((name) => {
      const { shape, data } = weights[name]!;
      const size = shape.at(-1)!;
      const axis = Array.from({ length: size }, (_, i) =>
        data.subarray(i * size, (i + 1) * size).reduce((sum, value) => sum + value, 0),
      );
      const isProduct = data.every((value, i) =>
        near(value, axis[Math.floor(i / size)]! * axis[i % size]!),
      );
      return isProduct ? axis.join() : 'no product';
    }),
  );
  const [axis = '0.5,0.5', ...others] = found;
  const filter = Object.hasOwn(filters, axis) ? filters[axis] : undefined;
  if (filter !== undefined && others.length === 0) return filter;
  throw refuse(
    `resamples by ${oneLine([...found].join(' and '), 60)}; known are [1, 1], [1, 3, 3, 1]`,
  );
}

/** Heads of every attention, or channels of every head. */
function headsOf(modules: Modules, refuse: Refuse) {
  const blocks = Object.values(modules).flatMap(({ class: kind, settings }) => {
    const [heads, channels] = [settings.num_heads, settings.out_channels];
    return kind === 'UNetBlock' &&
      typeof heads === 'number' &&
      typeof channels === 'number' &&
      heads
      ? [{ heads, size: channels / heads }]
      : [];
  });
  const [counts, sizes] = [blocks.map(({ heads }) => heads), blocks.map(({ size }) => size)];
  const isOne = (values: readonly number[]) => new Set(values).size === 1;
  const odd = blocks.find(({ size }) => !Number.isInteger(size));
  if (odd) throw refuse(`has channels that do not split into ${odd.heads} heads`);
  if (isOne(counts)) return { numHeads: counts[0] };
  if (isOne(sizes)) return { numHeadChannels: sizes[0] };
  throw refuse('has no attention in its middle, or heads of several numbers and sizes');
}
