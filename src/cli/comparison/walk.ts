import type { Denoiser } from '../../density/index.ts';
import { UserError } from '../../errors.ts';
import {
  CHAIN_DRAWS,
  imageChainDiagnostics,
  type SampledFeatures,
  sampleFeatures,
} from '../../evaluate/index.ts';
import type { KernelName } from '../../sample/index.ts';
import { distancesOf, type References } from '../evaluation/distances.ts';
import type { OpenedFeatures } from '../evaluation/feature-networks.ts';
import { callsOf, type Protocol } from './protocol.ts';
import type { WalkRow } from './row.ts';

export interface WalkTools {
  readonly denoiser: Denoiser;
  readonly network: OpenedFeatures;
  readonly references: References;
}

type Found = Omit<WalkRow, 'id' | 'name' | 'stage' | 'kernel' | 'seconds'>;

/**
 * Walks a row's model with a kernel and measures its jumps. A walk that diverges is a finding: what is found
 * says so.
 * @param onProgress score calls of all chains so far.
 */
export async function walkDenoiser(
  kernel: KernelName,
  protocol: Protocol,
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
    ...{ samples: chains * draws, scoreCalls, ...distances },
    ...(draws >= CHAIN_DRAWS && {
      chains: imageChainDiagnostics({ features, logits, classes, scoreCallsPerDraw }),
    }),
    ...(acceptance !== undefined && { acceptance }),
  };
  return { found, last };
}

type Sampled = SampledFeatures & { readonly acceptance: number | undefined };

async function sampled(
  kernel: KernelName,
  { walk, measurements, seed }: Protocol,
  { denoiser, network }: WalkTools,
  onShare: (share: number) => void,
): Promise<Sampled | { readonly error: string }> {
  const { chains, draws, jumpEvery, burnIn, friction, malaStepSize } = walk;
  const stepSize = kernel === 'mala' ? malaStepSize : walk.stepSize;
  const accepted: number[] = [];
  try {
    const found = await sampleFeatures({
      ...{ denoiser, network, draws },
      walk: {
        ...{ measurements, kernel, friction, seed, chains, jumpEvery, burnIn, stepSize },
        onProgress: ({ step, steps }) => onShare(step / steps),
      },
      onJump: ({ acceptance }) => {
        if (acceptance) accepted.push(meanOf(acceptance));
      },
    });
    return { ...found, acceptance: accepted.length > 0 ? meanOf(accepted) : undefined };
  } catch (error) {
    if (error instanceof UserError) return { error: error.message };
    throw error;
  }
}

const meanOf = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
