import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { encodeSafeTensors } from '../data/index.ts';
import { UserError } from '../errors.ts';
import { makeFolder, writeBytes } from '../files.ts';
import type { Quantized } from '../graph/index.ts';
import { readOnnxFile } from '../graph/node/read-onnx-file.ts';
import {
  exportDenoiser,
  fixLevel,
  type ModelConfig,
  nameWeights,
  openDenoiser,
  readTrainedModel,
  type TrainedModel,
} from '../model/index.ts';
import { toDiffusers } from '../model/pretrained/index.ts';
import { fetchModel, findModel } from '../run/model-file.ts';
import { checkModelMemory } from '../run/model-memory.ts';
import { quantizeDenoiser } from '../sample/int8.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput } from './output.ts';
import { watch } from './watch.ts';

const formats = ['onnx', 'safetensors', 'diffusers'] as const;
type Format = (typeof formats)[number];

const exportOptions = defineOptions({
  model: {
    flags: '--model <run|name|file.onnx>',
    description: 'a run, a model in the box (see mdensity info), or a file of either',
    schema: z.string(),
  },
  out: { flags: '--out <file|folder>', description: 'what to write', schema: z.string() },
  format: {
    flags: '--format <format>',
    description:
      'onnx, the denoiser; safetensors, its weights; diffusers, a folder (default: the ending of --out)',
    schema: z.enum(formats).optional(),
  },
  sigma: {
    flags: '--sigma <σ>',
    description: 'of a model that knows several noise levels: fix it to the class of this σ',
    schema: z.number().positive().optional(),
  },
  measurements: {
    flags: '--measurements <M>',
    description: 'and of this many measurements: σ̃ = σ/√M (default 1)',
    schema: z.int().min(1).optional(),
  },
  half: {
    flags: '--half',
    description: 'store weights in half precision: half the file, the same speed',
    schema: z.boolean().default(false),
  },
  int8: {
    flags: '--int8',
    description:
      'onnx: compute in 8 bits, jumps too (sample --precision int8 jumps in single precision)',
    schema: z.boolean().default(false),
  },
});

type ExportOptions = OptionValues<typeof exportOptions>;

const examples = `
Examples:
  mdensity export --model runs/digits --out digits.onnx --half
  mdensity export --model runs/cifar10 --out cifar10.safetensors
  mdensity export --model guided.onnx --format diffusers --out guided/
  mdensity export --model runs/family --sigma 1 --measurements 4 --out half.onnx
  mdensity export --model cifar10 --int8 --out cifar10-int8.onnx

Weights are the moving average. Those of a U-Net have the names and shapes of guided-diffusion.`;

/** Adds the command `mdensity export`. */
export function exportCommand(parent: Command): void {
  const command = addOptions(
    parent.command('export').description('write a model as ONNX or its weights as safetensors'),
    exportOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const { model, out, half, int8, ...options } = await readOptions(exportOptions, command);
    const output = createOutput(globalOptions(command));
    const format = options.format ?? formatOf(out);
    await watch(output, (work) => fetchModel(model, work));
    const path = findModel(model);
    const read = readTrainedModel(await readOnnxFile(path), path);
    const trained = { ...read, config: fixed(read.config, options, path) };
    if (int8 && format !== 'onnx') {
      throw new UserError('--int8: is a form of ONNX files; give --format onnx, or leave it out');
    }
    const plain = encode[format](trained, half);
    const quantized = int8 ? await inInt8(plain['']!, path) : undefined;
    const files = quantized ? { '': quantized.bytes } : plain;
    if (format === 'diffusers') await makeFolder(out);
    let bytes = 0;
    for (const [name, content] of Object.entries(files)) {
      await writeBytes(join(out, name), content);
      bytes += content.length;
    }
    const parameters = trained.parameters.length;
    const precision = half ? 'half precision' : 'single precision';
    const eight = quantized && wordsOf(quantized);
    output.result(
      { file: out, format, half, parameters, bytes, ...(eight && { int8: eight }) },
      `wrote ${out}: ${parameters.toLocaleString('en')} parameters in ${eight?.text ?? precision}, ${(bytes / 1e6).toFixed(2)} MB`,
    );
  });
}

/** The same file with its layers in 8 bits. */
async function inInt8(bytes: Uint8Array, source: string): Promise<Quantized> {
  checkModelMemory({ source, weightBytes: bytes.length, work: 'openInt8' });
  const model = await openDenoiser(bytes, source);
  try {
    return await quantizeDenoiser(model, bytes, source);
  } finally {
    await model.release();
  }
}

/** What 8 bits did to a file. */
function wordsOf({ layers, kept, change }: Quantized) {
  const all = layers + kept.length;
  const text = `8 bits in ${layers} of ${all} layers, which changes x̂ by ${(100 * change).toPrecision(2)} % of ‖x̂ − ȳ‖`;
  return { layers, kept, change, text };
}

/** The model at the level that is asked for. */
function fixed(
  config: ModelConfig,
  { sigma, measurements }: Pick<ExportOptions, 'sigma' | 'measurements'>,
  source: string,
): ModelConfig {
  if (sigma !== undefined)
    return fixLevel(config, { sigma, measurements: measurements ?? 1 }, source);
  if (measurements === undefined) return config;
  throw new UserError(
    `--measurements ${measurements}: of which noise? Give --sigma too, or leave it out`,
    { facts: { option: 'measurements' } },
  );
}

/** Bytes by their path from `--out`; of what is one file that is all. */
type Files = Readonly<Record<string, Uint8Array>>;

const encode: Readonly<Record<Format, (model: TrainedModel, half: boolean) => Files>> = {
  onnx: ({ config, parameters }, half) => ({ '': exportDenoiser(config, parameters, { half }) }),
  safetensors: (model, half) => {
    const metadata = { mdensity: JSON.stringify(model.config) };
    return { '': encodeSafeTensors({ tensors: nameWeights(model), metadata }, { half }) };
  },
  diffusers: diffusersFiles,
};

const WEIGHTS = 'diffusion_pytorch_model.safetensors';

/** Files of a folder that diffusers opens, by name. */
function diffusersFiles(model: TrainedModel, half: boolean): Files {
  const { json, weights } = toDiffusers(model);
  const text = (value: unknown) =>
    new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`);
  // What their reader of weights asks for.
  const metadata = { format: 'pt' };
  return {
    ...Object.fromEntries(Object.entries(json).map(([name, value]) => [name, text(value)])),
    [WEIGHTS]: encodeSafeTensors({ tensors: weights, metadata }, { half }),
  };
}

function formatOf(out: string): Format {
  const format = formats.slice(0, 2).find((name) => out.toLowerCase().endsWith(`.${name}`));
  if (format !== undefined) return format;
  throw new UserError(
    `--out ${out}: does not end in .onnx or .safetensors; name it so, or give --format`,
  );
}
