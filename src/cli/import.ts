import type { Command } from 'commander';
import { z } from 'zod';
import type { SafeTensors } from '../data/index.ts';
import { readWeightsFile } from '../data/node/index.ts';
import { UserError } from '../errors.ts';
import { writeBytes } from '../files.ts';
import {
  compareWeights,
  createModel,
  exportDenoiser,
  joinWeights,
  type ModelConfig,
  modelConfigSchema,
  parametrizationNames,
  parametrizations,
  views,
} from '../model/index.ts';
import { findPreset, type NetworkConfig } from '../nn/index.ts';
import { samplesName } from '../sample/node/draws-files.ts';
import { shellWord } from '../text.ts';
import { importPretrained, pretrainedOptions } from './import-pretrained.ts';
import { type NoiseOptions, noiseOf, noiseOptions, refuseOtherNoise } from './noise-options.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput } from './output.ts';

const sizes = z.array(z.int().min(1)).min(1);

const importOptions = defineOptions({
  weights: {
    flags: '--weights <file>',
    description: 'weights by name, such as those of guided-diffusion',
    schema: z.string().optional(),
  },
  out: {
    flags: '--out <file.onnx>',
    description: 'the denoiser to write (a pretrained model by name: default the cache)',
    schema: z.string().optional(),
  },
  ...pretrainedOptions,
  net: {
    flags: '--net <preset>',
    description: 'network; see mdensity info',
    schema: z.string().optional(),
  },
  shape: {
    flags: '--shape <C,H,W>',
    description: 'shape of one example',
    schema: z
      .union([
        sizes,
        z
          .string()
          .transform((text) => text.split(',').map(Number))
          .pipe(sizes),
      ])
      .optional(),
  },
  ...noiseOptions,
  sigma: {
    flags: '--sigma <σ>',
    description:
      'of a published model: the one level σ̃ to keep; of weights: noise of one measurement',
    schema: z.number().positive().optional(),
  },
  parametrization: {
    flags: '--parametrization <name>',
    description: `${parametrizationNames.join(', ')} (default: as the file says, or gps)`,
    schema: z.enum(parametrizationNames).optional(),
  },
  view: {
    flags: '--view <view>',
    description: 'what the network predicts: denoised or noise',
    schema: z.enum(views).optional(),
  },
  time: {
    flags: '--time <t>',
    description: 'time whose embedding the network is given',
    schema: z.number().optional(),
  },
  half: {
    flags: '--half',
    description: 'store weights in half precision',
    schema: z.boolean().default(false),
  },
});

type ImportOptions = OptionValues<typeof importOptions>;

const examples = `
Examples:
  mdensity import cifar10_uncond_50M_500K.pt --recipe improved-cifar10 --out cifar10.onnx
  mdensity import ddpm-cifar10
  mdensity import edm-cifar10-32x32-cond-vp.pkl --class 3 --out edm.onnx
  mdensity import hf:google/ddpm-church-256 --sigma 0.25 --out church.onnx
  mdensity import --weights digits.safetensors --out digits.onnx
  mdensity import --weights theirs.safetensors --net cifar10 --shape 3,32,32 --sigma 0.5 \\
    --view noise --time 250 --out theirs.onnx

Published diffusion models are files, folders, names of mdensity models, hf:OWNER/NAME or addresses. They are
read by a recipe, which says what does not travel with weights; a folder of diffusers and a .pkl of NVlabs/edm say it
themselves. What is made knows every noise level of its schedule, or with --sigma the one.
A file written by mdensity export says its network, shape, noise and parametrization; for others give them:
without --parametrization what is made is GPS.
With --json, names that do not fit are listed in full.`;

/** Adds the command `mdensity import`. */
export function importCommand(parent: Command): void {
  const command = addOptions(
    parent
      .command('import [file|folder|name]')
      .description('make a denoiser of a published diffusion model, or of weights by name'),
    importOptions,
  );
  command.addHelpText('after', examples).action(async (published: string | undefined) => {
    const options = await readOptions(importOptions, command);
    const { json } = globalOptions(command);
    if (published !== undefined) {
      refuse(options, ofWeights, 'is of --weights, and a recipe knows it');
      return importPretrained(published, options, createOutput({ json }));
    }
    refuse(options, ofRecipes, 'is of a published model; name its file or folder');
    if (options.weights === undefined) {
      throw new UserError(
        'what is to be imported? Give a published file or folder, or weights by name with --weights',
      );
    }
    await importWeights(options.weights, options, { json });
  });
}

/** Options of weights by name, and of recipes. */
const ofWeights = [
  'weights',
  'net',
  'shape',
  'rate',
  'background',
  'measurements',
  'parametrization',
  'view',
  'time',
] as const;
const ofRecipes = ['recipe', 'picture', 'data', 'class', 'split', 'limit', 'size'] as const;

/** Refuses options of the other kind of import. */
function refuse(
  options: ImportOptions,
  names: readonly (keyof ImportOptions)[],
  problem: string,
): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  throw new UserError(`${given}: ${problem}; leave it out`, {
    code: 'mismatch',
    facts: { option: given },
  });
}

async function importWeights(
  source: string,
  options: ImportOptions,
  { json }: { readonly json: boolean },
): Promise<void> {
  const { out, half } = options;
  if (out === undefined) throw new UserError('--out: is missing; name the file to write');
  const file = await readWeightsFile(source);
  const config = configOf(options, source, file.metadata);
  const { specs } = createModel(config);
  const report = compareWeights(specs, file.tensors);
  const output = createOutput({ json });
  const fits = report.matched === specs.length && report.extra.length === 0;
  // The error names the first few; a program gets them all before it.
  if (!fits && json) output.result({ file: undefined, ...report }, '');
  const parameters = joinWeights(specs, file.tensors, source);
  await writeBytes(out, exportDenoiser(config, parameters, { half }));
  output.result(
    { file: out, parameters: parameters.length, ...report },
    `wrote ${out}: ${parameters.length.toLocaleString('en')} parameters; next: mdensity sample --model ${shellWord(out)} --out ${samplesName(config)}`,
  );
}

/** What the options say, and where they do not, the file. */
function configOf(
  options: ImportOptions,
  weights: string,
  metadata: SafeTensors['metadata'],
): ModelConfig {
  const own = readOwn(metadata);
  const { view, shape, net, time } = options;
  const { parametrization = own?.parametrization ?? 'gps' } = options;
  const given = <T>(value: T | undefined, option: string, example: string): T => {
    if (value !== undefined) return value;
    throw new UserError(
      `${option}: is missing, and ${weights} does not say it; give it, such as ${option} ${example}`,
    );
  };
  const network = given(
    net === undefined ? own?.network : findPreset(net).config,
    '--net',
    'cifar10',
  );
  // What the file says of noise of the other kind is of no use.
  const recorded = own && parametrizations[parametrization].noise === own.noise.type;
  refuseOtherNoise(parametrization, options);
  const noise = noiseOf(
    parametrization,
    { ...(recorded && own.noise), ...givenNoise(options) },
    {
      sigma: () => given<number>(undefined, '--sigma', '0.5'),
      rate: () => given<number>(undefined, '--rate', '20'),
    },
  );
  return {
    parametrization,
    view: view ?? own?.view ?? 'denoised',
    noise,
    ...(own?.dataScale && shape === undefined && { dataScale: own.dataScale }),
    ...(own?.condition && { condition: own.condition }),
    ...(own?.inputScale && { inputScale: own.inputScale }),
    shape: given(shape ?? own?.shape, '--shape', '3,32,32'),
    network: time === undefined ? network : atTime(network, time),
    ...(own?.metaEncoder && { metaEncoder: own.metaEncoder }),
    ...(own?.alphabet && shape === undefined && { alphabet: own.alphabet }),
  };
}

/** Those that were given. */
function givenNoise(options: ImportOptions): NoiseOptions {
  const keys = Object.keys(noiseOptions) as (keyof typeof noiseOptions)[];
  const named = keys.map((key) => [key, options[key]]);
  return Object.fromEntries(named.filter(([, value]) => value !== undefined)) as NoiseOptions;
}

/** The configuration that `mdensity export` writes beside the weights. */
function readOwn({ mdensity }: SafeTensors['metadata']): ModelConfig | undefined {
  if (mdensity === undefined) return undefined;
  try {
    return modelConfigSchema.parse(JSON.parse(mdensity));
  } catch {
    return undefined;
  }
}

function atTime(network: NetworkConfig, time: number): NetworkConfig {
  if (network.type === 'unet') return { ...network, time };
  throw new UserError(`--time ${time}: a network of type ${network.type} takes none; leave it out`);
}
