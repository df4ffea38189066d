/** guided-diffusion (Dhariwal & Nichol 2021): a learned variance beside ε. */
import { openAiRecipe } from './openai.ts';

const shared = {
  attentionResolutions: [32, 16, 8],
  numHeadChannels: 64,
  scaleShiftNorm: true,
  resample: 'block',
  outputChannels: 6,
} as const;

/** `64x64_diffusion.pt`. */
export const guidedImagenet64 = openAiRecipe({
  name: 'guided-imagenet64',
  description: 'guided-diffusion, ImageNet at 64×64 with classes, cosine-1000',
  size: 64,
  network: {
    ...shared,
    modelChannels: 192,
    channelMult: [1, 2, 3, 4],
    numResBlocks: 3,
    attentionOrder: 'headsLast',
  },
  target: 'epsilon',
  time: { schedule: { type: 'cosine', steps: 1000 }, unit: 1 },
  classes: 1000,
});

/** `256x256_diffusion_uncond.pt`, and those of LSUN. */
export const guided256 = openAiRecipe({
  name: 'guided-256',
  description: 'guided-diffusion, 256×256 without classes (ImageNet, LSUN), linear-1000',
  size: 256,
  network: {
    ...shared,
    modelChannels: 256,
    channelMult: [1, 1, 2, 2, 4, 4],
    numResBlocks: 2,
    attentionOrder: 'headsFirst',
  },
  target: 'epsilon',
  time: {
    schedule: { type: 'linear', steps: 1000, betaStart: 1e-4, betaEnd: 0.02 },
    unit: 1,
  },
});
