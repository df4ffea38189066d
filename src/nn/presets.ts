import { GraphError } from '../graph/index.ts';
import { didYouMean } from '../nearest.ts';
import type { NetworkConfig } from './networks.ts';

export interface Preset {
  readonly description: string;
  readonly config: NetworkConfig;
}

const small = { attentionResolutions: [], heads: 1, groups: 8 } as const;

/** Networks by name. */
export const presets: Readonly<Record<string, Preset>> = {
  mlp: {
    description: 'points: 3 hidden layers of 128 units',
    config: { type: 'mlp', width: 128, layers: 3 },
  },
  digits8: {
    description: '8×8 images: 16 and 32 channels at 8×8 and 4×4, 0.04 M parameters',
    config: {
      type: 'unet',
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
      type: 'unet',
      patch: 2,
      modelChannels: 32,
      channelMult: [1, 2],
      numResBlocks: [2, 3],
      ...small,
    },
  },
};

/** @throws GraphError with the nearest name for an unknown preset. */
export function findPreset(name: string): Preset {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset) return preset;
  const names = Object.keys(presets);
  throw new GraphError(
    `network "${name}" is not known.${didYouMean(name, names)} There are: ${names.join(', ')}`,
  );
}
