/** Reading what was published: a file of weights, or a folder of diffusers. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileDigests, readWeightsFile } from '../../data/node/index.ts';
import { UserError } from '../../errors.ts';
import { isFolder, readBytes } from '../../files.ts';
import type { NamedWeights } from '../../model/index.ts';
import type { Published } from '../../model/pretrained/index.ts';
import { parseJson } from '../density-file.ts';
import { checkModelMemory } from '../model-memory.ts';
import { partsOf, preferredWeights, SCHEDULER, WEIGHTS } from './folder-names.ts';

/** Published files with the checksum of the weights. */
export interface PublishedFiles extends Published {
  /** In hex, of the file of weights; of several, of the first. */
  readonly sha256: string;
  /** Bytes of the weights as they were published. */
  readonly bytes: number;
}

/**
 * Reads a file of weights, or a folder as diffusers' `save_pretrained` writes it.
 *
 * @throws UserError for what is not there, (`memory`) for a model that could not be imported here,
 *   and as `readWeightsFile`.
 */
export async function readPublished(path: string): Promise<PublishedFiles> {
  if (!existsSync(path)) {
    throw new UserError(`${path}: no such file or folder; check the path`, {
      code: 'not-found',
      facts: { path },
    });
  }
  if (isFolder(path)) return readFolder(path);
  checkFit(path, [path]);
  const { tensors, modules } = await readWeightsFile(path);
  const { sha256, bytes } = await fileDigests(path);
  return { source: path, weights: tensors, modules, json: {}, sha256, bytes };
}

async function readFolder(folder: string): Promise<PublishedFiles> {
  const preferred = preferredWeights(folder);
  if (preferred === undefined) {
    throw new UserError(
      `${folder}: has no ${WEIGHTS[0]} or .bin; give the folder that save_pretrained wrote`,
      { code: 'not-found', facts: { path: folder, names: WEIGHTS } },
    );
  }
  const first = join(folder, preferred);
  const own = join(first, '..');
  const files = await partsOf(first);
  checkFit(folder, files);
  const weights: Record<string, NamedWeights[string]> = {};
  for (const file of files) Object.assign(weights, (await readWeightsFile(file)).tensors);
  const digests = await Promise.all(files.map((file) => fileDigests(file)));
  const found = {
    'config.json': join(own, 'config.json'),
    'scheduler_config.json': SCHEDULER.map((name) => join(folder, name)).find((path) =>
      existsSync(path),
    ),
    'model_index.json': join(folder, 'model_index.json'),
  };
  const json: Record<string, unknown> = {};
  for (const [name, file] of Object.entries(found)) {
    if (file !== undefined && existsSync(file)) json[name] = parseJson(await readBytes(file), file);
  }
  const licence = await licenceOf(join(folder, 'README.md'));
  return {
    source: folder,
    weights,
    json,
    ...(licence !== undefined && { licence }),
    sha256: digests[0]!.sha256,
    bytes: digests.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Published weights are in single precision, all but all of them. */
function checkFit(source: string, files: readonly string[]): void {
  const sizes = files.map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  const weightBytes = sizes.reduce((sum, size) => sum + size, 0);
  checkModelMemory({ source, weightBytes, work: 'import' });
}

/** The licence that a model card states at its head. */
async function licenceOf(card: string): Promise<string | undefined> {
  if (!existsSync(card)) return undefined;
  const text = new TextDecoder().decode(await readBytes(card));
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1] ?? '';
  return /^license:\s*["']?([\w .+-]+?)["']?\s*$/m.exec(head)?.[1];
}
