import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { cacheFolder } from '../data/node/index.ts';
import { resolveDevice } from '../graph/index.ts';
import { readOnnxFile } from '../graph/node/read-onnx-file.ts';
import { describeDenoiser, parametrizations } from '../model/index.ts';
import { presets } from '../nn/index.ts';
import { hasRun, listCheckpoints, readEvaluations, readMetrics, readRecord } from '../run/index.ts';
import { describeBox } from '../run/model-box.ts';
import { findModel, locateModel } from '../run/model-file.ts';
import { versions } from '../run/versions.ts';
import { countKernels, kernels } from '../sample/index.ts';
import { addGlobalOptions, globalOptions } from './options.ts';
import { createOutput } from './output.ts';
import { presetNames } from './presets.ts';

const examples = `
Examples:
  mdensity info
  mdensity info runs/digits
  mdensity info denoiser.onnx --json`;

/** Adds the command `mdensity info`. */
export function infoCommand(parent: Command): void {
  const command = addGlobalOptions(
    parent
      .command('info [run|name|file.onnx]')
      .description('what a run or a model is; without one, what this machine has'),
  );
  command.addHelpText('after', examples).action(async (target: string | undefined) => {
    const facts = target === undefined ? await machineFacts() : await targetFacts(target);
    const lines = Object.entries(facts).map(([key, value]) => `${key.padEnd(14)}${textOf(value)}`);
    createOutput(globalOptions(command)).result(facts, lines.join('\n'));
  });
}

async function machineFacts() {
  return {
    versions: versions(),
    device: await resolveDevice('auto'),
    networks: Object.fromEntries(
      Object.entries(presets).map(([name, { description }]) => [name, description]),
    ),
    parametrizations: Object.fromEntries(
      Object.values(parametrizations).map(({ name, description }) => [name, description]),
    ),
    presets: presetNames(),
    models: await describeBox(),
    kernels: Object.keys({ ...kernels, ...countKernels }),
    dataCache: cacheFolder(),
  };
}

async function targetFacts(target: string) {
  const place = locateModel(target);
  if (statSync(place).isDirectory() && (await hasRun(place))) {
    const { model, training, data, device, started } = await readRecord(place);
    const last = (await readMetrics(place)).at(-1);
    const checkpoints = await listCheckpoints(place);
    const evaluated = (await readEvaluations(place)).at(-1);
    const card = join(place, 'README.md');
    return {
      model,
      training,
      data,
      device,
      started,
      checkpoints,
      last,
      ...(evaluated && { evaluated }),
      ...(existsSync(card) && { card }),
    };
  }
  const path = findModel(target);
  const { shape, config } = await describeDenoiser(await readOnnxFile(path), path);
  return { shape, model: config ?? 'from elsewhere: give --sigma to sample' };
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value !== 'object' || value === null) return String(value ?? '–');
  return Object.entries(value)
    .map(
      ([key, inner]) =>
        `\n  ${key.padEnd(18)}${typeof inner === 'object' ? JSON.stringify(inner) : inner}`,
    )
    .join('');
}
