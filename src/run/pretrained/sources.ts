/** Pretrained models by name, repository of the Hub, or address: fetched once, kept as ONNX. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheFolder, downloadFile, headOf } from '../../data/node/index.ts';
import { UserError } from '../../errors.ts';
import type { TrainedModel } from '../../model/index.ts';
import { writeDenoiser } from '../../model/node/write-denoiser.ts';
import { findRecipe, forbidsCommerce, readPretrained } from '../../model/pretrained/index.ts';
import type { Work } from '../../progress.ts';
import { checkModelMemory, weightBytesOf } from '../model-memory.ts';
import { cachedHubModel, fetchHubModel, parseHubModel } from './hub.ts';
import { readPublished } from './read-published.ts';
import { pretrainedTable } from './table.ts';

/** A published model that can be fetched. */
export interface PretrainedSource {
  /** As it was asked for. */
  readonly name: string;
  readonly address: string;
  /** Absent where only an address is known. */
  readonly recipe?: string | undefined;
  readonly licence?: string | undefined;
  /** Absent where it is not known before the files are here. */
  readonly parameters?: number | undefined;
}

/**
 * Finds what a name means: one of the table, or `hf:OWNER/NAME`; nothing where it means neither.
 *
 * @throws UserError for what begins as `hf:` and is no model.
 */
export function findPretrained(target: string): PretrainedSource | undefined {
  const entry = pretrainedTable.find(({ name }) => name === target);
  if (entry !== undefined) return entry;
  if (parseHubModel(target)) return { name: target, address: target, recipe: 'diffusers' };
  return undefined;
}

/** Takes an address of a file as a source that says no more than that. */
export const sourceAt = (target: string): PretrainedSource | undefined =>
  /^https?:\/\//i.test(target) && URL.canParse(target)
    ? { name: target, address: target }
    : undefined;

const folder = () => join(cacheFolder(), 'pretrained');

/** Names a folder or a file after a source. */
const safe = (name: string) => name.replace(/[^\w.-]+/g, '--');

/** Names the file that the model of a source is kept in; it need not be there. */
export const keptModel = ({ name }: PretrainedSource): string =>
  join(folder(), `${safe(name)}.onnx`);

/** Finds the published files where they are in a cache. */
export async function cachedFiles({ address }: PretrainedSource): Promise<string | undefined> {
  const hub = parseHubModel(address);
  if (hub) return cachedHubModel(hub);
  const file = fileOf(address);
  return existsSync(file) ? file : undefined;
}

/** Two addresses are two files, also where nothing but a folder or a query tells them apart. */
function fileOf(address: string): string {
  const { host, pathname } = new URL(address);
  const digest = createHash('sha256').update(address).digest('hex').slice(0, 16);
  return join(folder(), 'files', safe(host), digest, safe(basename(pathname)) || 'file');
}

/**
 * Fetches the published files, where they are not here.
 *
 * @returns the file, or the folder of the Hub's cache.
 * @throws UserError as `downloadFile` and `fetchHubModel`, and (`memory`) for a model that could
 *   not be imported here.
 */
export async function fetchFiles(source: PretrainedSource, work: Work = {}): Promise<string> {
  const cached = await cachedFiles(source);
  if (cached !== undefined) return cached;
  const { name, address, parameters } = source;
  if (parameters !== undefined) {
    const weightBytes = weightBytesOf(parameters);
    checkModelMemory({ source: name, weightBytes, work: 'import' });
  }
  const hub = parseHubModel(address);
  if (hub) return fetchHubModel(hub, work);
  const { signal, onProgress } = work;
  const { statusCode, headers } = await headOf(address, { signal });
  const bytes = Number(headers['x-linked-size'] ?? headers['content-length']);
  if (statusCode !== 200 || !Number.isInteger(bytes)) {
    const problem =
      statusCode === 200 ? 'does not say how large it is' : `answers HTTP ${statusCode}`;
    throw new UserError(`${address}: ${problem}; check the address`, {
      code: statusCode === 404 ? 'not-found' : 'network',
      facts: { address, status: statusCode },
    });
  }
  const path = fileOf(address);
  const md5 = headers['content-md5'];
  await downloadFile(
    { url: address, path, bytes, ...(typeof md5 === 'string' && { md5: hexOf(md5) }) },
    {
      signal,
      onProgress: (done) =>
        onProgress?.({ label: `fetching ${name}`, done, of: bytes, unit: 'bytes' }),
    },
  );
  return path;
}

const hexOf = (base64: string) => Buffer.from(base64, 'base64').toString('hex');

/**
 * Makes the model of a source, where it is not kept: fetches what was published, and writes the
 * family of all its levels as ONNX.
 *
 * @returns the file's path.
 * @throws UserError as `fetchFiles` and `readPretrained`.
 */
export async function makePretrained(source: PretrainedSource, work: Work = {}): Promise<string> {
  const path = keptModel(source);
  if (existsSync(path)) return path;
  const { recipe, address } = source;
  if (recipe === undefined) {
    throw new UserError(
      `${address}: does not say how it is read; import it once with --recipe and --out, and use that file`,
      { code: 'unsupported', facts: { address } },
    );
  }
  const model = await readSource(await fetchFiles(source, work), { recipe, source, ...work });
  await writeDenoiser(path, model.config, model.parameters);
  return path;
}

/** What is told of published files beside the files themselves. */
export interface ReadSourceOptions extends Pick<Work, 'onNote'> {
  /** Name of how they are read. */
  readonly recipe: string;
  /** Where they are from; absent for the user's own. */
  readonly source?: PretrainedSource | undefined;
}

/**
 * Reads published files as a family of all their levels; notes a licence that forbids commercial
 * use.
 *
 * @throws UserError as `findRecipe`, `readPublished` and `readPretrained`.
 */
export async function readSource(
  path: string,
  { recipe, source, onNote }: ReadSourceOptions,
): Promise<TrainedModel & { readonly sha256: string }> {
  const known = findRecipe(recipe);
  const files = await readPublished(path);
  const { sha256, licence = source?.licence } = files;
  const origin = { sha256, ...(source && { address: source.address }) };
  const model = readPretrained({ ...files, licence }, { recipe: known, origin });
  const { licence: own } = model.config.source!;
  if (forbidsCommerce(own)) {
    onNote?.(`the licence of ${source?.name ?? path} (${own}) forbids commercial use`);
  }
  return { ...model, sha256 };
}
