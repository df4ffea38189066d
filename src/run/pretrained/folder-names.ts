/** Where files of a model lie in a folder of diffusers. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { readBytes } from '../../files.ts';
import { parseJson } from '../density-file.ts';

const kinds = [
  'diffusion_pytorch_model.safetensors',
  // Names the parts of what comes in several.
  'diffusion_pytorch_model.safetensors.index.json',
  'diffusion_pytorch_model.fp16.safetensors',
  'diffusion_pytorch_model.bin',
  'diffusion_pytorch_model.fp16.bin',
] as const;

/** Paths of weights in a folder or in that of a pipeline, the preferred first. */
export const WEIGHTS: readonly [string, ...string[]] = [
  ...kinds,
  ...kinds.map((name) => `unet/${name}`),
];

/** Paths of the schedule. */
export const SCHEDULER = ['scheduler_config.json', 'scheduler/scheduler_config.json'] as const;

/** Finds the preferred weights of a folder. */
export const preferredWeights = (folder: string): string | undefined =>
  WEIGHTS.find((path) => existsSync(join(folder, path)));

/**
 * Lists the files of weights by the name of one: itself, or those that an index of parts names.
 *
 * @throws UserError for an index that is none, or names what does not lie beside it.
 */
export async function partsOf(weights: string): Promise<readonly string[]> {
  if (!weights.endsWith('.index.json')) return [weights];
  const parsed = parseJson(await readBytes(weights), weights) as { readonly weight_map?: unknown };
  const map = typeof parsed?.weight_map === 'object' && parsed.weight_map ? parsed.weight_map : {};
  const names = [...new Set(Object.values(map))];
  const bad = names.find((name) => typeof name !== 'string' || !/^[\w-][\w.-]*$/.test(name));
  if (names.length > 0 && bad === undefined) {
    return names.map((name) => join(weights, '..', `${name}`));
  }
  throw new UserError(`${weights}: names no files of weights beside it; get the folder again`, {
    code: 'unreadable',
    facts: { path: weights },
  });
}
