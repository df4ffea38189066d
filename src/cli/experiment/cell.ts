import type { Denoiser } from '../../density/index.ts';
import { UserError } from '../../errors.ts';
import { CHAIN_DRAWS, imageChainDiagnostics, sampleFeatures } from '../../evaluate/index.ts';
import { distancesOf, type References } from '../evaluation/distances.ts';
import type { OpenedFeatures } from '../evaluation/feature-networks.ts';
import { type Cell, costOf, type Protocol } from './protocol.ts';
import type { Row } from './store.ts';

/** What cells are run with. */
export interface CellTools {
  readonly denoiser: Denoiser & { readonly shape: readonly number[] };
  readonly network: OpenedFeatures;
  readonly references: References;
}

/** Pictures of a cell: the last jump of each chain, and all jumps of the first ones. */
export interface CellPictures {
  readonly last: Float32Array;
  readonly frames: readonly Float32Array[];
}

export interface CellOptions {
  readonly signal?: AbortSignal;
  /** Score calls made so far, of all chains. */
  readonly onProgress?: (scoreCalls: number) => void;
}

/** Runs one cell on one core. A walk that diverges is a finding, not a failure: its row says so. */
export async function runCell(
  cell: Cell,
  protocol: Protocol,
  { denoiser, network, references }: CellTools,
  { signal, onProgress }: CellOptions = {},
): Promise<{ readonly row: Row; readonly pictures?: CellPictures }> {
  const { chains, draws, jumpEvery } = cell.stage === 'long' ? protocol.long : protocol;
  const { measurements, kernel, friction, seed } = cell;
  const { burnIn, stepSize } = protocol;
  const cost = costOf(cell, protocol);
  const start = performance.now();
  let made = 0;
  const secondsSince = () => (performance.now() - start) / 1000;
  try {
    const sampled = await sampleFeatures({
      ...{ denoiser, network, draws },
      walk: {
        ...{ measurements, kernel, friction, seed, chains, jumpEvery, burnIn, stepSize },
        ...(signal && { signal }),
        onProgress: ({ step, steps }) => {
          made = (cost * step) / steps;
          onProgress?.(made);
        },
      },
    });
    const { features, logits, scoreCallsPerDraw, last, frames } = sampled;
    const row: Row = {
      ...cell,
      samples: chains * draws,
      scoreCalls: cost,
      ...(cell.stage !== 'long' &&
        (await distancesOf(features.data as Float32Array, references, { threads: 1 }))),
      ...(draws >= CHAIN_DRAWS && {
        chains: imageChainDiagnostics({
          ...{ features, logits, classes: network.classes, scoreCallsPerDraw },
        }),
      }),
      seconds: secondsSince(),
    };
    return { row, pictures: { last, frames } };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    const seconds = secondsSince();
    return {
      row: { ...cell, samples: 0, scoreCalls: Math.round(made), seconds, error: error.message },
    };
  }
}
