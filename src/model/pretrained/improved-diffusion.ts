/**
 * improved-diffusion (Nichol & Dhariwal 2021): cosine schedules of 4000 steps, told to the network
 * in thousandths of the whole; a learned variance beside ε.
 */
import { openAiRecipe } from './openai.ts';

const shared = {
  modelChannels: 128,
  numResBlocks: 3,
  attentionResolutions: [16, 8],
  numHeads: 4,
  scaleShiftNorm: true,
  resample: 'conv',
  outputChannels: 6,
} as const;

const time = { schedule: { type: 'cosine', steps: 4000 }, unit: 1000 / 4000 } as const;

/** `cifar10_uncond_50M_500K.pt`. */
export const improvedCifar10 = openAiRecipe({
  name: 'improved-cifar10',
  description: 'improved-diffusion, CIFAR-10 without classes, cosine-4000',
  size: 32,
  network: { ...shared, channelMult: [1, 2, 2, 2] },
  target: 'epsilon',
  time,
});

/** `imagenet64_uncond_100M_1500K.pt`. */
export const improvedImagenet64 = openAiRecipe({
  name: 'improved-imagenet64',
  description: 'improved-diffusion, ImageNet at 64×64 without classes, cosine-4000',
  size: 64,
  network: { ...shared, channelMult: [1, 2, 3, 4] },
  target: 'epsilon',
  time,
});
