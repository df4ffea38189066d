import { type Dataset, pick, readAllScaled } from '../../data/dataset.ts';
import type { FeatureNetwork } from '../feature-network.ts';
import { likeliestModes } from '../modes.ts';

/** Images classified at a time. */
const BLOCK = 1000;

/**
 * Measures the share of a labelled set's images whose likeliest class is their label, 0 to 1.
 *
 * @param dataset Images of the network's shape, with labels.
 */
export async function classificationAccuracy(
  network: FeatureNetwork,
  dataset: Dataset,
): Promise<number> {
  let right = 0;
  for (let first = 0; first < dataset.count; first += BLOCK) {
    const rows = Math.min(BLOCK, dataset.count - first);
    const part = pick(
      dataset,
      Array.from({ length: rows }, (_, i) => first + i),
    );
    const { logits } = await network.run(readAllScaled(part));
    const shape = [1, rows, network.classes.length] as const;
    const { data } = likeliestModes({ data: logits, shape });
    right += data.filter((label, i) => label === part.labels![i]).length;
  }
  return right / dataset.count;
}
