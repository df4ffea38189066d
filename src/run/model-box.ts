/** Models in the box: trained, small, part of the package. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describeNoise } from '../model/index.ts';
import { packagePath } from '../package-folder.ts';
import { hasRun, modelPath, readRecord } from './run-directory.ts';

/** Largest `model.onnx` in the box, in bytes. */
export const BOX_LIMIT = 8_000_000;

/**
 * The folder of the box: `models/<name>/` holds `model.onnx`, its `run.json` and a card,
 * `README.md`. `MDENSITY_MODELS` names another.
 */
const boxFolder = () => process.env.MDENSITY_MODELS ?? packagePath('models');

/** Names of the models in the box; none where there is no box. */
export function boxNames(): string[] {
  if (!existsSync(boxFolder())) return [];
  return readdirSync(boxFolder())
    .filter((name) => existsSync(modelPath(join(boxFolder(), name))))
    .sort();
}

/** Names the folder of a model in the box. */
export const boxPath = (name: string) => join(boxFolder(), name);

/** Lists one line for each model in the box, by name: its data, shape and class. */
export async function describeBox(): Promise<Record<string, string>> {
  const lines: Record<string, string> = {};
  for (const name of boxNames()) {
    if (!(await hasRun(boxPath(name)))) {
      lines[name] = 'has no run.json';
      continue;
    }
    const { data, model } = await readRecord(boxPath(name));
    lines[name] = `${data.name}, ${model.shape.join('×')}, ${describeNoise(model)}`;
  }
  return lines;
}
