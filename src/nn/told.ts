import { add, fail, log, matMul, mul, slice, type Tensor } from '../graph/index.ts';
import { type Sinusoids, timeEmbedding } from './embedding.ts';
import type { Modulation } from './group-norm.ts';
import { fanIn } from './initialize.ts';
import { linear } from './linear.ts';
import type { Scope, Told } from './scope.ts';

/**
 * Times of a noise level: log σ̃, in steps of which the fastest of the embedding's sinusoids turns
 * eight times in an e-fold of noise. Families reach over one to three of them.
 */
const TURNS = 8;

interface ToldOptions extends Sinusoids {
  /**
   * The condition is added to the sinusoids of the time, not to their embedding: `label_emb.weight`
   * is as wide as they are.
   */
  readonly conditionFirst?: boolean;
}

/**
 * Embeds what is told as [N, 4·width], or [1, 4·width] where it is the same for all; none where
 * nothing is. Parameters have guided-diffusion's names: `time_embed`, and `label_emb.weight` [size,
 * 4·width], whose product with the condition is added: for one-hot conditions its rows are the
 * classes' embeddings.
 */
export function toldEmbedding(
  scope: Scope,
  { level, times: given, condition }: Told,
  width: number,
  { conditionFirst = false, ...options }: ToldOptions = {},
): Tensor | undefined {
  if (level && given) fail('toldEmbedding', 'takes a level or a time, not both', [level, given]);
  const times = level ? mul(log(level), TURNS) : given;
  const even = 2 * Math.ceil(width / 2);
  const place = scope.at('time_embed');
  if (!condition) return times && timeEmbedding(place, times, even, options);
  const size = condition.shape[1]!;
  const waves = options.frequencies ? 2 * options.frequencies.length : even;
  const shape = [size, times && conditionFirst ? waves : 4 * even];
  const weight = scope.at('label_emb').parameter('weight', shape, fanIn(size));
  const added = matMul(condition, weight);
  if (!times) return added;
  if (conditionFirst) return timeEmbedding(place, times, even, { ...options, added });
  return add(timeEmbedding(place, times, even, options), added);
}

/**
 * Computes scale and shift, [N, channels] each, by a linear layer on an embedding that has been
 * activated.
 */
export function modulation(scope: Scope, embedding: Tensor, channels: number): Modulation {
  const rows = embedding.shape[0]!;
  const both = linear(scope, embedding, 2 * channels);
  return {
    scale: slice(both, [0, 0], [rows, channels]),
    shift: slice(both, [0, channels], [rows, 2 * channels]),
  };
}
