/**
 * The diffusion models that consistency models were made of (Song et al. 2023): guided-diffusion's
 * network under EDM's preconditioning (Karras et al. 2022), told 250 ln σ.
 */
import { openAiRecipe } from './openai.ts';

const network = {
  attentionResolutions: [32, 16, 8],
  numHeadChannels: 64,
  attentionOrder: 'headsLast',
  resample: 'block',
} as const;

const shared = {
  target: 'edm',
  time: { factor: 250 },
  noise: { from: 0.002, to: 80 },
} as const;

/** `edm_imagenet64_ema.pt`. */
export const edmImagenet64 = openAiRecipe({
  ...shared,
  name: 'edm-imagenet64',
  description: 'EDM of consistency_models, ImageNet at 64×64 with classes, σ from 0.002 to 80',
  size: 64,
  network: {
    ...network,
    modelChannels: 192,
    channelMult: [1, 2, 3, 4],
    numResBlocks: 3,
    scaleShiftNorm: true,
  },
  classes: 1000,
});

/** `edm_bedroom256_ema.pt` and `edm_cat256_ema.pt`. */
export const edmLsun256 = openAiRecipe({
  ...shared,
  name: 'edm-lsun256',
  description: 'EDM of consistency_models, LSUN at 256×256, σ from 0.002 to 80',
  size: 256,
  network: {
    ...network,
    modelChannels: 256,
    channelMult: [1, 1, 2, 2, 4, 4],
    numResBlocks: 2,
    scaleShiftNorm: false,
  },
});
