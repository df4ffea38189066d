import { existsSync } from 'node:fs';
import {
  fetchInceptionWeights,
  fileDigests,
  hasInceptionWeights,
  inceptionWeights,
  inceptionWeightsPath,
  readInceptionWeights,
} from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import { interruptible } from '../interrupt.ts';
import type { Output } from '../output.ts';

/** The weights of a file that is given, or those that were fetched. @throws UserError if there are none. */
export async function findInception(given: string | undefined) {
  if (given === undefined && !(await hasInceptionWeights())) {
    throw new UserError(
      '--features inception: its weights are not here; download them (96 MB) with mdensity evaluate --fetch-inception, or give evaluate or experiment a file with --inception',
    );
  }
  if (given !== undefined) await checkGiven(given);
  const path = given ?? inceptionWeightsPath();
  const weights = await readInceptionWeights(path);
  return { weights, source: path, hash: inceptionWeights.sha256 };
}

/** A file of the user's own is not one to delete and fetch again. */
async function checkGiven(path: string): Promise<void> {
  if (!existsSync(path)) throw new UserError(`--inception ${path}: no such file; check the path`);
  const { sha256 } = await fileDigests(path);
  if (sha256 === inceptionWeights.sha256) return;
  throw new UserError(
    `--inception ${path}: holds other weights than FID’s (SHA-256 ${sha256.slice(0, 12)}… in place of ${inceptionWeights.sha256.slice(0, 12)}…); give the file that --fetch-inception downloads`,
  );
}

/** Downloads the weights where they are not here, with a progress bar; Ctrl-C keeps what came. Their path. */
export async function fetchInception(output: Output): Promise<string> {
  const bar = output.progress('fetching Inception', inceptionWeights.bytes);
  const start = performance.now();
  let first: number | undefined;
  const { path } = await interruptible((signal) =>
    fetchInceptionWeights({
      signal,
      onProgress: (received) => {
        first ??= received;
        const rate = (received - first) / ((performance.now() - start) / 1000);
        const secondsLeft = (inceptionWeights.bytes - received) / rate;
        bar.update(received, { secondsLeft, note: `${(rate / 1e6).toFixed(1)} MB/s` });
      },
    }),
  ).finally(() => bar.stop());
  return path;
}
