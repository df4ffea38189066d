import type { BayesEstimator } from '../../density/index.ts';
import { DivergedError } from '../../errors.ts';
import { distancesOf, type References } from '../../evaluate/distances.ts';
import {
  CHAIN_DRAWS,
  imageChainDiagnostics,
  type SampledFeatures,
  sampleFeatures,
} from '../../evaluate/index.ts';
import type { OpenedFeatures } from '../../evaluate/model/features.ts';
import { type ComparisonProtocol, callsOf, type WalkKernel } from './protocol.ts';
import type { WalkRow } from './row.ts';

export interface WalkTools {
  readonly denoiser: BayesEstimator;
  readonly network: OpenedFeatures;
  readonly references: References;
}

type Found = Omit<WalkRow, 'id' | 'name' | 'stage' | 'kernel' | 'seconds'>;

/**
 * Walks a row's model with a kernel and measures its jumps. A walk that diverges is a finding: what
 * is found says so.
 * @param onProgress score calls of all chains so far.
 */
export async function walkDenoiser(
  kernel: WalkKernel,
  protocol: ComparisonProtocol,
  tools: WalkTools,
  onProgress: (scoreCalls: number) => void,
): Promise<{ readonly found: Found; readonly last?: Float32Array }> {
  const { network, references } = tools;
  const scoreCalls = protocol.walk.chains * callsOf(kernel, protocol);
  let made = 0;
  const walked = await sampled(kernel, protocol, tools, (share) => {
    made = Math.round(share * scoreCalls);
    onProgress(made);
  });
  if ('error' in walked) {
    return { found: { samples: 0, scoreCalls: made, error: walked.error } };
  }
  const { features, logits, scoreCallsPerDraw, last, acceptance } = walked;
  const [chains, draws] = features.shape;
  const distances = await distancesOf(features.data as Float32Array, references, { threads: 1 });
  const { classes } = network;
  const found: Found = {
    samples: chains * draws,
    scoreCalls,
    ...distances,
    ...(draws >= CHAIN_DRAWS && {
      chains: imageChainDiagnostics({ features, logits, classes, scoreCallsPerDraw }),
    }),
    ...(acceptance !== undefined && { acceptance }),
  };
  return { found, last };
}

async function sampled(
  kernel: WalkKernel,
  { walk, measurements, seed }: ComparisonProtocol,
  { denoiser, network }: WalkTools,
  onShare: (share: number) => void,
): Promise<SampledFeatures | { readonly error: string }> {
  const { chains, draws, jumpEvery, burnIn, friction, malaStepSize, leap } = walk;
  const stepSize = { mala: malaStepSize, 'tau-leap': leap }[kernel as string] ?? walk.stepSize;
  try {
    return await sampleFeatures({
      denoiser,
      network,
      draws,
      walk: {
        measurements,
        kernel,
        friction,
        seed,
        chains,
        jumpEvery,
        burnIn,
        stepSize,
        onProgress: ({ step, steps }) => onShare(step / steps),
      },
    });
  } catch (error) {
    if (error instanceof DivergedError) return { error: error.message };
    throw error;
  }
}
