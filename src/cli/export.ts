import type { Command } from 'commander';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { readBytes, writeBytes } from '../files.ts';
import {
  exportDenoiser,
  nameWeights,
  readTrainedModel,
  type TrainedModel,
} from '../model/index.ts';
import { encodeSafeTensors } from '../train/index.ts';
import { findModel } from './model-file.ts';
import { addOptions, defineOptions, globalOptions, readOptions } from './options.ts';
import { createOutput } from './output.ts';

const formats = ['onnx', 'safetensors'] as const;
type Format = (typeof formats)[number];

const exportOptions = defineOptions({
  model: {
    flags: '--model <run|name|file.onnx>',
    description: 'a run, a model in the box (see mdensity info), or a file of either',
    schema: z.string(),
  },
  out: { flags: '--out <file>', description: 'the file to write', schema: z.string() },
  format: {
    flags: '--format <format>',
    description: 'onnx, the denoiser; or safetensors, its weights (default: the ending of --out)',
    schema: z.enum(formats).optional(),
  },
  half: {
    flags: '--half',
    description: 'store weights in half precision: half the file, the same speed',
    schema: z.boolean().default(false),
  },
});

const examples = `
Examples:
  mdensity export --model runs/digits --out digits.onnx --half
  mdensity export --model runs/cifar10 --out cifar10.safetensors

Weights are the moving average. Those of a U-Net have the names and shapes of guided-diffusion.`;

export function exportCommand(parent: Command): void {
  const command = addOptions(
    parent.command('export').description('write a model as ONNX or its weights as safetensors'),
    exportOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const { model, out, half, ...options } = await readOptions(exportOptions, command);
    const format = options.format ?? formatOf(out);
    const path = findModel(model);
    const trained = readTrainedModel(await readBytes(path), path);
    const bytes = encode[format](trained, half);
    await writeBytes(out, bytes);
    const parameters = trained.parameters.length;
    const precision = half ? 'half precision' : 'single precision';
    createOutput(globalOptions(command)).result(
      { file: out, format, half, parameters, bytes: bytes.length },
      `wrote ${out}: ${parameters.toLocaleString('en')} parameters in ${precision}, ${(bytes.length / 1e6).toFixed(2)} MB`,
    );
  });
}

const encode: Readonly<Record<Format, (model: TrainedModel, half: boolean) => Uint8Array>> = {
  onnx: ({ config, parameters }, half) => exportDenoiser(config, parameters, { half }),
  safetensors: (model, half) => {
    const metadata = { mdensity: JSON.stringify(model.config) };
    return encodeSafeTensors({ tensors: nameWeights(model), metadata }, { half });
  },
};

function formatOf(out: string): Format {
  const format = formats.find((name) => out.toLowerCase().endsWith(`.${name}`));
  if (format !== undefined) return format;
  throw new UserError(
    `--out ${out}: does not end in .onnx or .safetensors; name it so, or give --format`,
  );
}
