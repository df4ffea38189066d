import { type Dataset, pick, readAllScaled } from '../../data/index.ts';
import type { BayesEstimator } from '../../density/index.ts';
import { equivarianceError, estimatorLoss, measurementsOf } from '../../evaluate/index.ts';
import { heldOutOf } from './learn.ts';
import type { ComparisonProtocol } from './protocol.ts';
import type { MeasureRow } from './row.ts';

/** Examples whose measurements are brought into other orders. */
const PERMUTED = 64;

/**
 * Measures the loss of a row's estimator on held-out examples, and how its score turns with the
 * measurements.
 */
export async function measureDenoiser(
  denoiser: BayesEstimator,
  dataset: Dataset,
  protocol: ComparisonProtocol,
): Promise<Pick<MeasureRow, 'loss' | 'equivariance'>> {
  const { measurements, permutations, seed } = protocol;
  const heldOut = heldOutOf(dataset, protocol);
  const loss = await estimatorLoss(denoiser, heldOut, { measurements, seed });
  const rows = Math.min(PERMUTED, heldOut.count);
  const x = readAllScaled(
    pick(
      heldOut,
      Array.from({ length: rows }, (_, i) => i),
    ),
  );
  const { target, y } = measurementsOf(denoiser, x, rows, { measurements, seed });
  const equivariance = await equivarianceError(target, y, rows, {
    measurements,
    permutations,
    seed,
  });
  return { loss, equivariance };
}
