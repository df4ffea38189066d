/** Published diffusion models by name. */

/** Where a published model is, and how it is read. */
export interface PretrainedEntry {
  readonly name: string;
  /** `hf:OWNER/NAME`, or the address of a file. */
  readonly address: string;
  readonly recipe: string;
  readonly licence: string;
  /** Its parameters; the file holds them in single precision. */
  readonly parameters: number;
  /** What its images are. */
  readonly images: string;
}

const openAi = 'https://openaipublic.blob.core.windows.net';

/** The networks of Ho et al. 2020. */
const ddpm = (set: string, size: number, parameters: number): PretrainedEntry => ({
  name: size === 32 ? `ddpm-${set}` : `ddpm-${set}-${size}`,
  address: `hf:google/ddpm-${set}-${size}`,
  recipe: 'diffusers',
  licence: 'apache-2.0',
  parameters,
  images: `${set}, 3×${size}×${size}`,
});

interface OpenAiFile {
  readonly name: string;
  readonly path: string;
  readonly recipe: string;
  readonly parameters: number;
  readonly images: string;
}

const openAiFile = ({ path, ...rest }: OpenAiFile): PretrainedEntry => ({
  ...rest,
  address: `${openAi}/${path}`,
  licence: 'MIT',
});

/** The networks of Karras et al. 2022, by the names that they are published under. */
const edm = (name: string, images: string, parameters: number): PretrainedEntry => ({
  name,
  address: `https://nvlabs-fi-cdn.nvidia.com/edm/pretrained/${name}.pkl`,
  recipe: 'edm',
  licence: 'CC BY-NC-SA 4.0',
  parameters,
  images,
});

const LARGE_DDPM = 113_673_219;
const LARGE_GUIDED = 552_814_086;
const LARGE_EDM = 526_304_771;

/** Every model that has a name, small ones first. */
export const pretrainedTable: readonly PretrainedEntry[] = [
  ddpm('cifar10', 32, 35_746_307),
  openAiFile({
    name: 'improved-cifar10',
    path: 'diffusion/march-2021/cifar10_uncond_50M_500K.pt',
    recipe: 'improved-cifar10',
    parameters: 52_546_438,
    images: 'CIFAR-10, 3×32×32',
  }),
  edm('edm-cifar10-32x32-uncond-vp', 'CIFAR-10, 3×32×32', 55_732_739),
  edm('edm-cifar10-32x32-cond-vp', 'CIFAR-10 by class, 3×32×32', 55_734_019),
  edm('edm-cifar10-32x32-uncond-ve', 'CIFAR-10, 3×32×32', 56_395_523),
  edm('edm-cifar10-32x32-cond-ve', 'CIFAR-10 by class, 3×32×32', 56_398_083),
  ...['FFHQ', 'AFHQv2'].flatMap((set) => [
    edm(`edm-${set.toLowerCase()}-64x64-uncond-vp`, `${set}, 3×64×64`, 61_804_419),
    edm(`edm-${set.toLowerCase()}-64x64-uncond-ve`, `${set}, 3×64×64`, 62_758_787),
  ]),
  ...['celebahq', 'church', 'bedroom', 'cat'].map((set) => ddpm(set, 256, LARGE_DDPM)),
  openAiFile({
    name: 'improved-imagenet64',
    path: 'diffusion/march-2021/imagenet64_uncond_100M_1500K.pt',
    recipe: 'improved-imagenet64',
    parameters: 121_063_942,
    images: 'ImageNet, 3×64×64',
  }),
  openAiFile({
    name: 'edm-imagenet64',
    path: 'consistency/edm_imagenet64_ema.pt',
    recipe: 'edm-imagenet64',
    parameters: 295_899_267,
    images: 'ImageNet by class, 3×64×64',
  }),
  edm('edm-imagenet-64x64-cond-adm', 'ImageNet by class, 3×64×64', 295_899_267),
  openAiFile({
    name: 'guided-imagenet64',
    path: 'diffusion/jul-2021/64x64_diffusion.pt',
    recipe: 'guided-imagenet64',
    parameters: 295_904_454,
    images: 'ImageNet by class, 3×64×64',
  }),
  ...['bedroom', 'cat'].map((set) =>
    openAiFile({
      name: `edm-${set}-256`,
      path: `consistency/edm_${set}256_ema.pt`,
      recipe: 'edm-lsun256',
      parameters: LARGE_EDM,
      images: `LSUN ${set}, 3×256×256`,
    }),
  ),
  openAiFile({
    name: 'guided-imagenet-256',
    path: 'diffusion/jul-2021/256x256_diffusion_uncond.pt',
    recipe: 'guided-256',
    parameters: LARGE_GUIDED,
    images: 'ImageNet, 3×256×256',
  }),
  ...['bedroom', 'cat', 'horse'].map((set) =>
    openAiFile({
      name: `guided-${set}-256`,
      path: `diffusion/jul-2021/lsun_${set}.pt`,
      recipe: 'guided-256',
      parameters: LARGE_GUIDED,
      images: `LSUN ${set}, 3×256×256`,
    }),
  ),
];

/** Counts the bytes of an entry's file, about. */
export const bytesOf = ({ parameters }: PretrainedEntry): number => 4 * parameters;
