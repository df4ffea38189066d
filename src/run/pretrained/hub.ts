/**
 * Files of Hugging Face's Hub, in the cache that its own libraries keep: what they fetched is found
 * here, and what is fetched here they find. `HF_HOME`, `HF_HUB_CACHE`, `HF_ENDPOINT`, `HF_TOKEN`
 * and `HF_HUB_OFFLINE` mean what they mean there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { downloadFile, headOf } from '../../data/node/index.ts';
import { UserError } from '../../errors.ts';
import { makeFolder, writeBytes } from '../../files.ts';
import type { Work } from '../../progress.ts';
import { partsOf, preferredWeights, SCHEDULER, WEIGHTS } from './folder-names.ts';

/** A repository of models: `OWNER/NAME`, at a revision. */
export interface HubModel {
  readonly repository: string;
  /** A branch, a tag or a commit. Default `main`. */
  readonly revision?: string | undefined;
}

/**
 * Reads `hf:OWNER/NAME` or `hf:OWNER/NAME@REVISION`; none of what does not begin so.
 *
 * @throws UserError for what begins so and is none.
 */
export function parseHubModel(target: string): HubModel | undefined {
  if (!target.startsWith('hf:')) return undefined;
  const match = /^hf:([\w.-]+\/[\w.-]+?)(?:@([\w./-]+))?$/.exec(target);
  const [, repository, revision] = match ?? [];
  if (repository === undefined || /(^|\/)\.\.?(\/|$)/.test(`${repository}/${revision ?? ''}`)) {
    throw new UserError(`${target}: is no model of the Hub; give hf:OWNER/NAME`, {
      code: 'not-found',
      facts: { target },
    });
  }
  return { repository, ...(revision !== undefined && { revision }) };
}

const setting = (name: string) => process.env[name] || undefined;

const home = () =>
  setting('HF_HOME') ?? join(setting('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface');

const cache = () => setting('HF_HUB_CACHE') ?? join(home(), 'hub');

const endpoint = () => (setting('HF_ENDPOINT') ?? 'https://huggingface.co').replace(/\/+$/, '');

const isOffline = () => /^(1|on|yes|true)$/i.test(setting('HF_HUB_OFFLINE') ?? '');

/** The user's token: of the variable, or as `hf auth login` keeps it. */
function token(): string | undefined {
  const path = setting('HF_TOKEN_PATH') ?? join(home(), 'token');
  const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  return setting('HF_TOKEN') ?? (kept || undefined);
}

const folderOf = ({ repository }: HubModel) =>
  join(cache(), `models--${repository.replaceAll('/', '--')}`);

/** Finds the folder of a model that is in the cache whole; none where it is not. */
export async function cachedHubModel(model: HubModel): Promise<string | undefined> {
  const { revision = 'main' } = model;
  const reference = join(folderOf(model), 'refs', revision);
  const commit = existsSync(reference) ? readFileSync(reference, 'utf8').trim() : revision;
  const folder = join(folderOf(model), 'snapshots', commit);
  const weights = preferredWeights(folder);
  if (weights === undefined || !SCHEDULER.some((name) => existsSync(join(folder, name)))) {
    return undefined;
  }
  // A damaged index is said where the model is fetched.
  const parts = await partsOf(join(folder, weights)).catch(() => undefined);
  return parts?.every((part) => existsSync(part)) ? folder : undefined;
}

/**
 * Fetches what of a model's repository is needed, where it is not in the cache.
 *
 * @returns the folder of its files.
 * @throws UserError where there is no such repository, it may not be read, or has no such model;
 *   and as `downloadFile`.
 */
export async function fetchHubModel(model: HubModel, work: Work = {}): Promise<string> {
  const cached = await cachedHubModel(model);
  if (cached !== undefined) return cached;
  const name = `hf:${model.repository}`;
  if (isOffline()) {
    throw new UserError(`${name}: is not in the cache, and HF_HUB_OFFLINE is set; unset it once`, {
      code: 'network',
      facts: { target: name },
    });
  }
  const first = await find(model, ['config.json', 'unet/config.json'], work);
  if (first === undefined) {
    throw new UserError(`${name}: has no config.json, so no network of diffusers`, {
      code: 'unsupported',
      facts: { target: name },
    });
  }
  const folder = join(folderOf(model), 'snapshots', first.commit);
  const at = { ...model, revision: first.commit };
  await fetchFile(at, first, folder, work);
  const own = first.path.startsWith('unet/') ? 'unet/' : '';
  const weights = await find(
    at,
    WEIGHTS.filter((path) => dirOf(path) === own),
    work,
  );
  if (weights === undefined) {
    throw new UserError(`${name}: has no weights of diffusers beside its config.json`, {
      code: 'unsupported',
      facts: { target: name, names: WEIGHTS },
    });
  }
  for (const names of [SCHEDULER, ['model_index.json'], ['README.md']]) {
    const found = await find(at, names, work);
    if (found) await fetchFile(at, found, folder, work);
  }
  await fetchFile(at, weights, folder, work);
  for (const part of await partsOf(join(folder, weights.path))) {
    const path = `${own}${basename(part)}`;
    const found = await find(at, [path], work);
    if (found) await fetchFile(at, found, folder, work);
    else if (!existsSync(part)) throw missing(name, path);
  }
  const reference = join(folderOf(model), 'refs', model.revision ?? 'main');
  await makeFolder(dirname(reference));
  await writeBytes(reference, new TextEncoder().encode(first.commit));
  return folder;
}

const missing = (name: string, path: string) =>
  new UserError(`${name}: its index of weights names ${path}, which it does not have`, {
    code: 'not-found',
    facts: { target: name, path },
  });

const dirOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1);

/** A file of a repository, as the Hub describes it. */
interface HubFile {
  readonly path: string;
  readonly url: string;
  readonly commit: string;
  readonly bytes: number;
  /** SHA-256 of large files, git's SHA-1 of others. */
  readonly etag: string;
}

const headersOf = () => {
  const own = token();
  return own === undefined ? {} : { authorization: `Bearer ${own}` };
};

/** The first of the files that the repository has. */
async function find(
  { repository, revision = 'main' }: HubModel,
  paths: readonly string[],
  { signal }: Work,
): Promise<HubFile | undefined> {
  for (const path of paths) {
    const url = `${endpoint()}/${repository}/resolve/${encodeURIComponent(revision)}/${path}`;
    const { statusCode, headers } = await headOf(url, { headers: headersOf(), signal });
    const code = String(headers['x-error-code'] ?? '');
    if (statusCode === 404 && code !== 'RepoNotFound' && code !== 'RevisionNotFound') continue;
    if (statusCode !== 200) throw refusal(repository, revision, statusCode, code);
    const etag = String(headers['x-linked-etag'] ?? headers.etag ?? '').replace(/^W\/|"/g, '');
    const bytes = Number(headers['x-linked-size'] ?? headers['content-length']);
    const commit = String(headers['x-repo-commit'] ?? '');
    if (!/^[\w-]+$/.test(etag) || !/^[0-9a-f]{40}$/.test(commit) || !Number.isInteger(bytes)) {
      throw new UserError(`${url}: does not answer as Hugging Face's Hub; check HF_ENDPOINT`, {
        code: 'network',
        facts: { url },
      });
    }
    return { path, url, commit, bytes, etag };
  }
  return undefined;
}

function refusal(repository: string, revision: string, status: number, code: string): UserError {
  const facts = { target: `hf:${repository}`, status };
  if (code === 'RevisionNotFound') {
    return new UserError(`hf:${repository}: has no revision ${revision}; check it`, {
      code: 'not-found',
      facts,
    });
  }
  if (status === 401 || status === 403 || status === 404) {
    return new UserError(
      `hf:${repository}: is not there, or may not be read (HTTP ${status}); check the name, or give HF_TOKEN of an account that may read it`,
      { code: 'not-found', facts },
    );
  }
  return new UserError(`hf:${repository}: the Hub answers HTTP ${status}; try again later`, {
    code: 'network',
    facts,
  });
}

/** Puts a file into the cache under its checksum, and a link to it under its name. */
async function fetchFile(
  model: HubModel,
  { path, url, bytes, etag }: HubFile,
  folder: string,
  { onProgress, signal }: Work,
): Promise<void> {
  const place = join(folder, path);
  if (existsSync(place)) return;
  const blob = join(folderOf(model), 'blobs', etag);
  if (!existsSync(blob)) {
    await downloadFile(
      {
        url,
        path: blob,
        bytes,
        ...(/^[0-9a-f]{64}$/.test(etag) && { sha256: etag }),
        ...(/^[0-9a-f]{40}$/.test(etag) && { gitSha1: etag }),
        variable: 'HF_HOME',
      },
      {
        headers: headersOf(),
        signal,
        onProgress: (done) =>
          onProgress?.({ label: `fetching ${path}`, done, of: bytes, unit: 'bytes' }),
      },
    );
  }
  await makeFolder(dirname(place));
  // Some systems and disks have no links.
  await symlink(relative(dirname(place), blob), place).catch(() => copyFile(blob, place));
}
