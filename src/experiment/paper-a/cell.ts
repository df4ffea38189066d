import type { Denoiser, DenoiserFamily } from '../../density/index.ts';
import { DivergedError } from '../../errors.ts';
import { distancesOf, type References } from '../../evaluate/distances.ts';
import {
  CHAIN_DRAWS,
  imageChainDiagnostics,
  type SampledFeatures,
  sampleFeatures,
} from '../../evaluate/index.ts';
import type { OpenedFeatures } from '../../evaluate/model/features.ts';
import { costOf, type PaperACell, type PaperAProtocol, walkOfCell } from './protocol.ts';
import type { PaperARow } from './store.ts';

/** What cells are run with. */
export interface CellTools {
  /** Of the cell's class, or a family that has it. */
  readonly denoiser: Denoiser | DenoiserFamily;
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

/**
 * Runs one cell on one core. A walk that diverges is a finding, not a failure: its row says so.
 * @throws UserError where the samples cannot be measured.
 */
export async function runCell(
  cell: PaperACell,
  protocol: PaperAProtocol,
  { denoiser, network, references }: CellTools,
  options: CellOptions = {},
): Promise<{ readonly row: PaperARow; readonly pictures?: CellPictures }> {
  const start = performance.now();
  const walked = await walkCell(cell, protocol, { denoiser, network }, options);
  const secondsSince = () => (performance.now() - start) / 1000;
  if ('error' in walked) {
    return { row: { ...cell, samples: 0, ...walked, seconds: secondsSince() } };
  }
  const { features, logits, scoreCallsPerDraw, last, frames } = walked;
  const [chains, draws] = features.shape;
  const row: PaperARow = {
    ...cell,
    samples: chains * draws,
    scoreCalls: costOf(cell, protocol),
    ...(cell.stage !== 'long' &&
      (await distancesOf(features.data as Float32Array, references, { threads: 1 }))),
    ...(draws >= CHAIN_DRAWS && {
      chains: imageChainDiagnostics({
        features,
        logits,
        classes: network.classes,
        scoreCallsPerDraw,
      }),
    }),
    seconds: secondsSince(),
  };
  return { row, pictures: { last, frames } };
}

/** The samples of a cell; where its walk diverged, why, and the score calls up to then. */
async function walkCell(
  cell: PaperACell,
  protocol: PaperAProtocol,
  { denoiser, network }: Pick<CellTools, 'denoiser' | 'network'>,
  { signal, onProgress }: CellOptions,
): Promise<SampledFeatures | { readonly error: string; readonly scoreCalls: number }> {
  const { draws, walk } = walkOfCell(cell, protocol);
  const cost = costOf(cell, protocol);
  let made = 0;
  try {
    return await sampleFeatures({
      denoiser,
      network,
      draws,
      walk: {
        ...walk,
        ...(signal && { signal }),
        onProgress: ({ step, steps }) => {
          made = (cost * step) / steps;
          onProgress?.(made);
        },
      },
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof DivergedError)) throw error;
    return { error: error.message, scoreCalls: Math.round(made) };
  }
}
