import { apply, checkFloat, constant, fail, type Op, sizeOf, type Tensor } from '../tensor.ts';
import { add } from './add.ts';
import { inverseDeviation } from './inverse-deviation.ts';
import { matMul } from './mat-mul.ts';
import { mul } from './mul.ts';
import { reduceSum } from './reduce-sum.ts';
import { reshape } from './reshape.ts';
import { checkGroups, type GroupOptions, normalization, standardize } from './standardize.ts';

const op: Op<GroupOptions> = {
  name: 'groupNorm',
  infer: (inputs, { groups }) => {
    const [x, scale, bias] = inputs as readonly [Tensor, Tensor, Tensor];
    checkFloat('groupNorm', inputs);
    checkGroups('groupNorm', x, groups);
    if (scale.shape.join() !== `${x.shape[1]}` || bias.shape.join() !== `${x.shape[1]}`) {
      fail('groupNorm', `scale and bias must be [${x.shape[1]}]`, inputs);
    }
    return { shape: x.shape, dtype: x.dtype };
  },
  /**
   * With n the standardized x and sums over positions S1 = Σ dy, S2 = Σ dy·n per example and
   * channel, everything follows from these small sums: dscale = Σ S2, dbias = Σ S1 over examples,
   * and dx = A·dy + (B·n + C) with an A per example and channel, B and C per example and group.
   */
  gradient: ({ inputs, attributes }, cotangent) => {
    const [x, scale] = inputs as readonly [Tensor, Tensor];
    const [batch, channels] = x.shape as readonly [number, number];
    const { groups } = attributes;
    // [batch, groups, channels of the group, positions]: every sum and factor broadcasts in this view.
    const view = [batch, groups, channels / groups, -1];
    const normal = reshape(standardize(x, attributes), view);
    const dy = reshape(cotangent, view);
    const sum1 = reduceSum(dy, 3);
    const sum2 = reduceSum(mul(dy, normal), 3);
    const gamma = reshape(scale, [groups, channels / groups, 1]);
    const inverse = reshape(inverseDeviation(x, attributes), [batch, groups, 1, 1]);
    const share = mul(inverse, -groups / sizeOf(x.shape.slice(1)));
    const ofGroup = (sum: Tensor) => {
      const total = matMul(reshape(sum, [batch, channels]), groupSums(scale, groups));
      return mul(reshape(total, [batch, groups, 1, 1]), share);
    };
    const dx = add(mul(dy, mul(inverse, gamma)), add(mul(normal, ofGroup(sum2)), ofGroup(sum1)));
    const perChannel = (sum: Tensor) => reshape(reduceSum(sum, 0), [channels]);
    return [reshape(dx, x.shape), perChannel(sum2), perChannel(sum1)];
  },
  lower: (emitter, [x, scale, bias], { inputs, attributes }) => {
    const { shape } = inputs[0]!;
    const rows = normalization(emitter, x!, inputs[0]!, attributes)[0]!;
    const normal = emitter.node('Reshape', [rows, emitter.ints(shape)]);
    const perChannel = emitter.ints([shape[1]!, ...shape.slice(2).map(() => 1)]);
    const scaled = emitter.node('Mul', [normal, emitter.node('Reshape', [scale!, perChannel])]);
    return emitter.node('Add', [scaled, emitter.node('Reshape', [bias!, perChannel])]);
  },
};

/**
 * [C, groups], scale where the channel is of the group and 0 elsewhere: a product with it sums
 * channels by group. Sums over a short last axis take the runtime ten times as long.
 */
function groupSums(scale: Tensor, groups: number): Tensor {
  const channels = scale.shape[0]!;
  const members = Float32Array.from({ length: channels * groups }, (_, i) =>
    Math.floor(i / groups / (channels / groups)) === i % groups ? 1 : 0,
  );
  return mul(reshape(scale, [channels, 1]), constant(members, [channels, groups]));
}

/**
 * Group normalisation (Wu & He 2018): each group of channels of x [N, C, ...] to mean 0 and
 * variance 1, then per-channel `scale` [C] and `bias` [C]. ε is 1e-5 unless given.
 */
export function groupNorm(
  x: Tensor,
  scale: Tensor,
  bias: Tensor,
  options: { readonly groups: number; readonly epsilon?: number },
): Tensor {
  return apply(op, [x, scale, bias], { epsilon: 1e-5, ...options });
}
