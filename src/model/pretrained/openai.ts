/**
 * Recipes of networks that OpenAI published: their parameters have our U-Net's names, and what
 * their command lines said is written here.
 */
import { UserError } from '../../errors.ts';
import { type UNetConfig, unetSchema } from '../../nn/index.ts';
import type { DiffusionConfig } from '../diffusion.ts';
import { type Facts, familyConfig, type Recipe, SIGNED } from './recipe.ts';

/** What a network of this kind was trained with. */
export interface OpenAiSettings {
  readonly name: string;
  readonly description: string;
  /** Height and width of images, which have 3 channels. */
  readonly size: number;
  readonly network: Partial<UNetConfig> &
    Pick<UNetConfig, 'modelChannels' | 'channelMult' | 'numResBlocks' | 'attentionResolutions'>;
  readonly target: 'epsilon' | 'edm';
  readonly time: DiffusionConfig['time'];
  readonly noise?: Facts['noise'];
  /** Classes, one of which the network needs. */
  readonly classes?: number;
}

/** Makes a recipe of such a network; with other settings also of one that was trained anew. */
export function openAiRecipe(settings: OpenAiSettings): Recipe {
  const { name, description, size, target, time, noise, classes } = settings;
  const network = unetSchema.parse({ type: 'unet', ...settings.network });
  return {
    name,
    description,
    licence: 'MIT',
    read: ({ source, weights }) => {
      refuseConsistency(source);
      const config = familyConfig({
        shape: [3, size, size],
        network,
        diffusion: { range: SIGNED, target, time },
        ...(noise && { noise }),
        ...(classes !== undefined && {
          condition: { type: 'class', classes, required: true, dropout: 0 },
        }),
      });
      return { config, weights };
    },
  };
}

/** They have the parameters of a denoiser, so that their name alone tells them apart. */
function refuseConsistency(source: string): void {
  if (!/(^|[\\/])c[dt]_[^\\/]*$/.test(source)) return;
  throw new UserError(
    `${source}: is a consistency model, which maps noise to the end of a trajectory and is no denoiser; give a diffusion model, such as edm_imagenet64_ema.pt`,
    { code: 'unsupported', facts: { path: source } },
  );
}
