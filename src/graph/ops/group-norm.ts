import { apply, checkFloat, fail, type Op, type Tensor } from '../tensor.ts';
import { add } from './add.ts';
import { affine, emitAffine } from './affine.ts';
import { hasBlocks } from './blocks.ts';
import { channelDots } from './channel-dots.ts';
import { channelSums } from './channel-sums.ts';
import {
  checkGroups,
  emitMoments,
  emitRows,
  type GroupOptions,
  groupMean,
  groupSize,
  inverseDeviation,
  membersOf,
  toChannels,
  toGroups,
} from './group-moments.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { reduceSum } from './reduce-sum.ts';
import { reshape } from './reshape.ts';
import { sub } from './sub.ts';

const op: Op<GroupOptions> = {
  name: 'groupNorm',
  infer: (inputs, { groups }) => {
    const [x, scale, bias] = inputs as readonly [Tensor, Tensor, Tensor];
    checkFloat('groupNorm', inputs);
    checkGroups('groupNorm', x, groups);
    const [rows, channels] = x.shape;
    const allowed = [`${channels}`, `${rows},${channels}`];
    if (scale.shape.join() !== bias.shape.join() || !allowed.includes(scale.shape.join())) {
      fail('groupNorm', `scale and bias must be [${channels}], or [${rows}, ${channels}]`, inputs);
    }
    return { shape: x.shape, dtype: x.dtype };
  },
  /**
   * With n = r·(x − μ) the standardized x and sums over positions S1 = Σ dy, S2 = Σ dy·n per
   * example and channel, everything follows from these small sums: dscale = Σ S2, dbias = Σ S1 over
   * examples where they are shared, and dx = r·(scale·dy − A − n·B) with A, B the means over a
   * group of scale·S1, scale·S2.
   */
  gradient: ({ inputs, attributes }, cotangent) => {
    const [x, scale] = inputs as readonly [Tensor, Tensor];
    const channels = x.shape[1]!;
    const { groups } = attributes;
    const wide = (values: Tensor) => toChannels(values, channels);
    const [mean, inverse] = [groupMean(x, attributes), inverseDeviation(x, attributes)];
    const sum1 = channelSums(cotangent);
    const centered = sub(channelDots(cotangent, x), mul(wide(mean), sum1));
    const sum2 = mul(wide(inverse), centered);
    const share = 1 / groupSize(x.shape, groups);
    const a = mul(toGroups(mul(sum1, scale), groups), share);
    const b = mul(toGroups(mul(sum2, scale), groups), share);
    const slope = neg(mul(mul(inverse, inverse), b));
    const shift = neg(add(mul(inverse, a), mul(slope, mean)));
    const dx = add(
      affine(cotangent, mul(wide(inverse), scale)),
      affine(x, wide(slope), wide(shift)),
    );
    const perChannel = (sum: Tensor) =>
      scale.shape.length === 2 ? sum : reshape(reduceSum(sum, 0), [channels]);
    return [dx, perChannel(sum2), perChannel(sum1)];
  },
  lower: (emitter, [x, scale, bias], { inputs, attributes }) => {
    const { shape } = inputs[0]!;
    const channels = shape[1]!;
    if (!hasBlocks(emitter, shape)) {
      const rows = emitRows(emitter, x!, shape, attributes)[0]!;
      const normal = emitter.node('Reshape', [rows, emitter.ints(shape)]);
      const own = inputs[1]!.shape;
      const perChannel = emitter.ints([...own, ...shape.slice(2).map(() => 1)]);
      const scaled = emitter.node('Mul', [normal, emitter.node('Reshape', [scale!, perChannel])]);
      return emitter.node('Add', [scaled, emitter.node('Reshape', [bias!, perChannel])]);
    }
    const { groups } = attributes;
    const { mean, inverse } = emitMoments(emitter, x!, shape, attributes);
    const members = emitter.constant(membersOf(groups, channels), [groups, channels]);
    const wide = (name: string) => emitter.node('MatMul', [name, members]);
    const factor = emitter.node('Mul', [wide(inverse), scale!]);
    const offset = emitter.node('Sub', [bias!, emitter.node('Mul', [wide(mean), factor])]);
    return emitAffine(emitter, x!, shape, factor, offset);
  },
};

/**
 * Applies group normalisation (Wu & He 2018): each group of channels of x [N, C, ...] to mean 0 and
 * variance 1, then per-channel `scale` and `bias`, [C] or, for each example its own, [N, C]. ε is
 * 1e-5 unless given.
 */
export function groupNorm(
  x: Tensor,
  scale: Tensor,
  bias: Tensor,
  options: { readonly groups: number; readonly epsilon?: number },
): Tensor {
  return apply(op, [x, scale, bias], { epsilon: 1e-5, ...options });
}
