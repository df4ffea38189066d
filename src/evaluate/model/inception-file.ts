import { existsSync } from 'node:fs';
import {
  fetchInceptionWeights,
  fileDigests,
  hasInceptionWeights,
  inceptionWeights,
  inceptionWeightsPath,
  readInceptionWeights,
} from '../../data/node/index.ts';
import { UserError } from '../../errors.ts';
import type { Work } from '../../progress.ts';

/**
 * Reads the weights of a file that is given, or those that were fetched.
 * @throws UserError if there are none.
 */
export async function findInception(given: string | undefined) {
  if (given === undefined && !(await hasInceptionWeights())) {
    throw new UserError(
      'features inception: its weights are not here; download them (96 MB), or give a file that holds them',
      {
        code: 'not-found',
        facts: { option: 'features', value: 'inception', remedy: 'fetch-inception' },
      },
    );
  }
  if (given !== undefined) await checkGiven(given);
  const path = given ?? inceptionWeightsPath();
  const weights = await readInceptionWeights(path);
  return { weights, source: path, hash: inceptionWeights.sha256 };
}

/** A file of the user's own is not one to delete and fetch again. */
async function checkGiven(path: string): Promise<void> {
  if (!existsSync(path))
    throw new UserError(`inception ${path}: no such file; check the path`, {
      code: 'not-found',
      facts: { option: 'inception', value: path, path },
    });
  const { sha256 } = await fileDigests(path);
  if (sha256 === inceptionWeights.sha256) return;
  throw new UserError(
    `inception ${path}: holds other weights than FID’s (SHA-256 ${sha256.slice(0, 12)}… in place of ${inceptionWeights.sha256.slice(0, 12)}…); give FID's own file, which can be downloaded`,
    {
      code: 'checksum',
      facts: {
        option: 'inception',
        value: path,
        path,
        sha256,
        wanted: inceptionWeights.sha256,
        remedy: 'fetch-inception',
      },
    },
  );
}

/** Downloads the weights where they are not here; what came before a stop is kept. Their path. */
export async function fetchInception({ signal, onProgress }: Work): Promise<string> {
  const { bytes: of } = inceptionWeights;
  const { path } = await fetchInceptionWeights({
    ...(signal && { signal }),
    onProgress: (done) => onProgress?.({ label: 'fetching Inception', done, of, unit: 'bytes' }),
  });
  return path;
}
