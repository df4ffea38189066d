import type { Command } from 'commander';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { readBytes, writeBytes } from '../files.ts';
import {
  compareWeights,
  createModel,
  exportDenoiser,
  joinWeights,
  type ModelConfig,
  modelConfigSchema,
  type ParametrizationName,
  parametrizationNames,
  parametrizations,
} from '../model/index.ts';
import { findPreset, type NetworkConfig } from '../nn/index.ts';
import { decodeSafeTensors, type SafeTensors, trainingSchema } from '../train/index.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput, shellWord } from './output.ts';
import { samplesName } from './sample-files.ts';

const sizes = z.array(z.int().min(1)).min(1);
const training = trainingSchema.shape;

const importOptions = defineOptions({
  weights: {
    flags: '--weights <file.safetensors>',
    description: 'weights by name, such as those of guided-diffusion',
    schema: z.string(),
  },
  out: { flags: '--out <file.onnx>', description: 'the denoiser to write', schema: z.string() },
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
  sigma: {
    flags: '--sigma <σ>',
    description: 'noise of one measurement',
    schema: training.sigma,
  },
  rate: {
    flags: '--rate <λ>',
    description: 'Poisson: counts per unit of the data in one measurement',
    schema: training.rate,
  },
  background: {
    flags: '--background <b>',
    description: 'Poisson: what was added to x before it was counted (default 0)',
    schema: training.background,
  },
  measurements: {
    flags: '--measurements <M>',
    description: 'measurements; what was learned is the class σ/√M',
    schema: training.measurements.unwrap().optional(),
  },
  parametrization: {
    flags: '--parametrization <name>',
    description: `${parametrizationNames.join(', ')} (default: as the file says, or gps)`,
    schema: z.enum(parametrizationNames).optional(),
  },
  view: {
    flags: '--view <view>',
    description: 'what the network predicts: denoised or noise',
    schema: training.view.unwrap().optional(),
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
  mdensity import --weights digits.safetensors --out digits.onnx
  mdensity import --weights theirs.safetensors --net cifar10 --shape 3,32,32 --sigma 0.5 \\
    --view noise --time 250 --out theirs.onnx

A file written by mdensity export says its network, shape, noise and parametrization; for others give them:
without --parametrization what is made is GPS.
With --json, names that do not fit are listed in full.`;

export function importCommand(parent: Command): void {
  const command = addOptions(
    parent.command('import').description('make a denoiser of weights from a safetensors file'),
    importOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const options = await readOptions(importOptions, command);
    const { weights: source, out, half } = options;
    const { json } = globalOptions(command);
    const file = decodeSafeTensors(await readBytes(source), source);
    const config = configOf(options, file.metadata);
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
  });
}

/** What the options say, and where they do not, the file. */
function configOf(options: ImportOptions, metadata: SafeTensors['metadata']): ModelConfig {
  const own = readOwn(metadata);
  const { weights, sigma, rate, background, measurements, view, shape, net, time } = options;
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
  const { noise } = parametrizations[parametrization];
  refuseOtherNoise(options, parametrization);
  return {
    parametrization,
    view: view ?? own?.view ?? 'denoised',
    ...(noise === 'poisson'
      ? {
          rate: given(rate ?? own?.rate, '--rate', '20'),
          background: background ?? own?.background ?? 0,
        }
      : { sigma: given(sigma ?? own?.sigma, '--sigma', '0.5') }),
    measurements: measurements ?? own?.measurements ?? 1,
    ...(own?.inputScale && { inputScale: own.inputScale }),
    shape: given(shape ?? own?.shape, '--shape', '3,32,32'),
    network: time === undefined ? network : atTime(network, time),
    ...(own?.metaEncoder && { metaEncoder: own.metaEncoder }),
    ...(own?.alphabet && shape === undefined && { alphabet: own.alphabet }),
  };
}

/** @throws UserError for a deviation of counts, and a rate or background of Gaussian noise. */
function refuseOtherNoise(
  { sigma, rate, background }: ImportOptions,
  parametrization: ParametrizationName,
): void {
  const counts = parametrizations[parametrization].noise === 'poisson';
  const given = Object.entries(counts ? { sigma } : { rate, background }).find(
    ([, value]) => value !== undefined,
  );
  if (given === undefined) return;
  const [name, value] = given;
  throw new UserError(
    `--${name} ${value}: parametrization ${parametrization} is of ${counts ? 'counts, which have a --rate' : 'Gaussian noise, which has a --sigma'}; leave it out`,
  );
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
