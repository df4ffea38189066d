import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { cacheFolder } from './cache.ts';
import { type Download, type DownloadOptions, downloadFile } from './fetch.ts';
import { fileDigests } from './file-digests.ts';
import { readTorchFile } from './torch-file.ts';

/**
 * The weights that FID is defined by, as pytorch-fid publishes them: TensorFlow's Inception of
 * 2015-12-05. The name carries the beginning of the checksum.
 */
export const inceptionWeights: Omit<Download, 'path'> & {
  readonly name: string;
  readonly sha256: string;
} = {
  name: 'pt_inception-2015-12-05-6726825d.pth',
  url: 'https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth',
  bytes: 95_628_359,
  sha256: '6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2',
};

/** Says where `fetchInceptionWeights` puts the file; it need not be there. */
export function inceptionWeightsPath(): string {
  return join(cacheFolder(), 'inception', inceptionWeights.name);
}

/** Tells whether the file is there in its full size; its contents are not looked at. */
export async function hasInceptionWeights(): Promise<boolean> {
  return stat(inceptionWeightsPath()).then(
    (info) => info.isFile() && info.size === inceptionWeights.bytes,
    () => false,
  );
}

export interface FetchInceptionOptions extends DownloadOptions {
  /** Another address of the same file. */
  readonly url?: string;
}

/** What a fetch did. */
export interface FetchedWeights {
  readonly path: string;
  /** False where the file was here, with the right checksum. */
  readonly downloaded: boolean;
}

/**
 * Puts the weights into the cache, if they are not there already. A broken download goes on where
 * it stopped. Throws as `downloadFile` does.
 */
export async function fetchInceptionWeights({
  url = inceptionWeights.url,
  ...options
}: FetchInceptionOptions = {}): Promise<FetchedWeights> {
  const path = inceptionWeightsPath();
  const { bytes, sha256 } = inceptionWeights;
  if (await hasInceptionWeights()) {
    if ((await fileDigests(path)).sha256 === sha256) {
      options.onProgress?.(bytes);
      return { path, downloaded: false };
    }
  }
  await downloadFile({ url, path, bytes, sha256 }, options);
  return { path, downloaded: true };
}

export interface ReadInceptionOptions {
  /**
   * The SHA-256 that the file must have; `any` for another file of such weights, with which a
   * distance is not FID. Default: that of the published file.
   */
  readonly sha256?: string;
}

/** Float arrays of a file, by name. */
export type FloatWeights = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
>;

/**
 * Reads the weights of a file, by the names that pytorch-fid gives them; counters, which are no
 * floats, are left out.
 *
 * @throws UserError for a file with another checksum, one that is missing, and as `readTorchFile`
 *   does.
 */
export async function readInceptionWeights(
  path: string,
  { sha256 = inceptionWeights.sha256 }: ReadInceptionOptions = {},
): Promise<FloatWeights> {
  if (sha256 !== 'any') {
    const { sha256: found } = await fileDigests(path);
    if (found !== sha256) {
      throw new UserError(
        `${path}: SHA-256 is ${found}, ${sha256} expected of FID's Inception weights; delete it and fetch it again: mdensity evaluate --fetch-inception`,
      );
    }
  }
  const floats = Object.entries(await readTorchFile(path)).flatMap(([name, { shape, data }]) =>
    data instanceof Float32Array ? [[name, { shape, data }] as const] : [],
  );
  return Object.fromEntries(floats);
}
