import { GraphError } from '../graph/index.ts';
import { didYouMean } from '../nearest.ts';
import type { NetworkConfig } from './networks.ts';
import { unetSchema } from './unet-config.ts';

export interface Preset {
  readonly description: string;
  readonly config: NetworkConfig;
}

const small = { attentionResolutions: [], heads: 1, groups: 8 } as const;

const ofPaperA = { numHeads: 4, scaleShiftNorm: true, resample: 'block', time: 0 } as const;

const ofSequences = { kernel: 5, maxDilation: 8, groups: 8 } as const;

/** Networks by name. */
const table = {
  mlp: {
    description: 'points: 3 hidden layers of 128 units',
    config: { type: 'mlp', width: 128, layers: 3 },
  },
  digits8: {
    description: '8×8 images: 16 and 32 channels at 8×8 and 4×4, 0.04 M parameters',
    config: {
      type: 'additive-unet',
      patch: 1,
      modelChannels: 16,
      channelMult: [1, 2],
      numResBlocks: [1, 1],
      ...small,
    },
  },
  digits: {
    description: '28×28 images: 2×2 patches, 32 channels at 14×14, 64 at 7×7, 0.34 M parameters',
    config: {
      type: 'additive-unet',
      patch: 2,
      modelChannels: 32,
      channelMult: [1, 2],
      numResBlocks: [2, 3],
      ...small,
    },
  },
  'digits-l': {
    description: '28×28 images: as digits with 48 and 96 channels, 0.75 M parameters',
    config: {
      type: 'additive-unet',
      patch: 2,
      modelChannels: 48,
      channelMult: [1, 2],
      numResBlocks: [2, 3],
      ...small,
    },
  },
  light32: {
    description:
      '32×32 images: 2×2 patches, 64 channels at 16×16, 128 at 8×8, 256 at 4×4, 3.41 M parameters',
    config: {
      type: 'additive-unet',
      patch: 2,
      modelChannels: 64,
      channelMult: [1, 2, 4],
      numResBlocks: [2, 2, 1],
      ...small,
    },
  },
  'light32-attention': {
    description:
      '32×32 images: as light32 with self-attention at 8×8, 3.68 M parameters, 3.96 M where it is told level and class',
    config: {
      type: 'additive-unet',
      patch: 2,
      modelChannels: 64,
      channelMult: [1, 2, 4],
      numResBlocks: [2, 2, 1],
      attentionResolutions: [8],
      heads: 4,
      groups: 8,
    },
  },
  'unet-s': {
    description: '28×28 images: U-Net of 32 and 64 channels, 1 block a level, 1.11 M parameters',
    config: unetSchema.parse({
      type: 'unet',
      modelChannels: 32,
      channelMult: [1, 2, 2],
      numResBlocks: 1,
      attentionResolutions: [14],
      time: 0,
    }),
  },
  'unet-64': {
    description: '28×28 images: U-Net of 64 and 128 channels, 2 blocks a level, 6.47 M parameters',
    config: unetSchema.parse({
      type: 'unet',
      modelChannels: 64,
      channelMult: [1, 2, 2],
      numResBlocks: 2,
      attentionResolutions: [14],
      time: 0,
    }),
  },
  'unet-m': {
    description: '32×32 images: U-Net of 64 and 128 channels, 2 blocks a level, 10.73 M parameters',
    config: unetSchema.parse({
      type: 'unet',
      modelChannels: 64,
      channelMult: [1, 2, 2, 2],
      numResBlocks: 2,
      attentionResolutions: [16],
      ...ofPaperA,
    }),
  },
  cifar10: {
    description: '32×32 images: the U-Net of paper A, 128 and 256 channels, 57.09 M parameters',
    config: unetSchema.parse({
      type: 'unet',
      modelChannels: 128,
      channelMult: [1, 2, 2, 2],
      numResBlocks: 3,
      attentionResolutions: [16, 8],
      ...ofPaperA,
    }),
  },
  'mlp-energy': {
    description: 'points: an energy, 2 hidden layers of 128 units',
    config: { type: 'mlp-energy', width: 128, layers: 2 },
  },
  'mlp-autoencoder': {
    description: 'points: an autoencoder, 2 hidden layers of 128 units, codes of 8 numbers',
    config: { type: 'mlp-autoencoder', width: 128, layers: 2, latent: 8 },
  },
  energy8: {
    description: '8×8 images: an energy, 32 channels at 4×4 and 64 at 2×2',
    config: { type: 'conv-energy', patch: 2, channels: [32, 64], numResBlocks: 1, groups: 8 },
  },
  energy28: {
    description: '28×28 images: an energy, 48 channels at 14×14 and 96 at 7×7',
    config: { type: 'conv-energy', patch: 2, channels: [48, 96], numResBlocks: 2, groups: 8 },
  },
  energy32: {
    description: '32×32 images: an energy, 64 channels at 16×16, 128 at 8×8, 256 at 4×4',
    config: { type: 'conv-energy', patch: 2, channels: [64, 128, 256], numResBlocks: 2, groups: 8 },
  },
  autoencoder8: {
    description:
      '8×8 images: an autoencoder, 32 channels at 4×4 and 64 at 2×2, codes of 16 numbers',
    config: { type: 'conv-autoencoder', patch: 2, channels: [32, 64], latent: 16, groups: 8 },
  },
  autoencoder28: {
    description:
      '28×28 images: an autoencoder, 48 channels at 14×14 and 96 at 7×7, codes of 100 numbers',
    config: { type: 'conv-autoencoder', patch: 2, channels: [48, 96], latent: 100, groups: 8 },
  },
  'bytenet-s': {
    description: 'sequences: 4 dilated residual blocks of 32 channels, 0.01 M parameters',
    config: { type: 'bytenet', channels: 32, hidden: 16, layers: 4, ...ofSequences },
  },
  bytenet: {
    description: 'sequences: 12 dilated residual blocks of 128 channels, 0.45 M parameters',
    config: { type: 'bytenet', channels: 128, hidden: 64, layers: 12, ...ofSequences },
  },
} satisfies Readonly<Record<string, Preset>>;

/** Networks with a description, by name. */
export const presets: Readonly<Record<string, Preset>> = table;

/**
 * Finds a preset by name.
 *
 * @throws GraphError with the nearest name for an unknown preset.
 */
export function findPreset(name: string): Preset {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset) return preset;
  const names = Object.keys(presets);
  throw new GraphError(
    `network "${name}" is not known.${didYouMean(name, names)} There are: ${names.join(', ')}`,
  );
}

/** Networks by name, as `network` of a training takes them: `networks.digits`. */
export const networks = Object.fromEntries(
  Object.entries(presets).map(([name, { config }]) => [name, config]),
) as Readonly<Record<keyof typeof table, NetworkConfig>>;
