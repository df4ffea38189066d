/**
 * The Inception network that FID is defined by: the one TensorFlow published on 2015-12-05, under
 * the names of parameters that its port to PyTorch has (pytorch-fid). Szegedy et al. 2016,
 * “Rethinking the Inception Architecture for Computer Vision”, Heusel et al. 2017 for FID.
 *
 * It differs from the paper, and from torchvision's, where it pools inside of blocks: means leave
 * the padding out, and the last block takes the largest values where the others take means.
 */
import {
  add,
  avgPool,
  concat,
  conv2d,
  div,
  expand,
  maxPool,
  mul,
  reduceMean,
  relu,
  reshape,
  sqrt,
  sub,
  type Tensor,
} from '../../graph/index.ts';
import { fanIn, type Initializer, ones, type Scope, zeros } from '../../nn/index.ts';
import { resizeBilinear } from './resize.ts';

/** Number of features. */
export const INCEPTION_DIMENSION = 2048;
/** Height and width that images are brought to. */
const SIZE = 299;
/** Added to variances (TensorFlow's choice; PyTorch's default is another). */
const EPSILON = 1e-3;

interface ConvOptions {
  /** Height and width; default 1 × 1. */
  readonly kernel?: readonly [number, number];
  readonly stride?: number;
  /** No padding: the image gets smaller by the kernel. Otherwise stride 1 keeps its size. */
  readonly valid?: boolean;
}

const square = (size: number) => [size, size] as const;
const [ROW, COLUMN] = [[1, 7] as const, [7, 1] as const];

/**
 * Computes the features [N, 2048] of images [N, C, H, W] with values in [0, 1], C = 1 or 3 (gray is
 * repeated), any H and W: the means over the last 8 × 8 pixels (“pool3”).
 */
export function inception(scope: Scope, images: Tensor): Tensor {
  const stem = inceptionStem(scope, prepare(images));
  const a = (name: string, x: Tensor, pooled: number) => blockA(scope.at(name), x, pooled);
  const c = (name: string, x: Tensor, inner: number) => blockC(scope.at(name), x, inner);
  let x = a('Mixed_5b', stem, 32);
  x = a('Mixed_5c', x, 64);
  x = a('Mixed_5d', x, 64);
  x = blockB(scope.at('Mixed_6a'), x);
  x = c('Mixed_6b', x, 128);
  x = c('Mixed_6c', x, 160);
  x = c('Mixed_6d', x, 160);
  x = c('Mixed_6e', x, 192);
  x = blockD(scope.at('Mixed_7a'), x);
  x = blockE(scope.at('Mixed_7b'), x, neighbourhoodMean);
  x = blockE(scope.at('Mixed_7c'), x, (y) => maxPool(y, 3, { stride: 1, padding: 1 }));
  return reshape(reduceMean(x, [2, 3]), [x.shape[0]!, INCEPTION_DIMENSION]);
}

/** Images as the network takes them: [N, 3, 299, 299], values in [−1, 1]. */
function prepare(images: Tensor): Tensor {
  const resized = sub(mul(resizeBilinear(images, SIZE, SIZE), 2), 1);
  return expand(resized, [images.shape[0]!, 3, SIZE, SIZE]);
}

/** [N, 3, 299, 299] → [N, 192, 35, 35]. */
function inceptionStem(scope: Scope, images: Tensor): Tensor {
  const kernel = square(3);
  let x = conv(scope.at('Conv2d_1a_3x3'), images, 32, { kernel, stride: 2, valid: true });
  x = conv(scope.at('Conv2d_2a_3x3'), x, 32, { kernel, valid: true });
  x = conv(scope.at('Conv2d_2b_3x3'), x, 64, { kernel });
  x = maxPool(x, 3, { stride: 2 });
  x = conv(scope.at('Conv2d_3b_1x1'), x, 80);
  x = conv(scope.at('Conv2d_4a_3x3'), x, 192, { kernel, valid: true });
  return maxPool(x, 3, { stride: 2 });
}

/** [N, C, 35, 35] → [N, 224 + pooled, 35, 35]. */
function blockA(scope: Scope, x: Tensor, pooled: number): Tensor {
  const of = (name: string, y: Tensor, channels: number, kernel = 1) =>
    conv(scope.at(name), y, channels, { kernel: square(kernel) });
  const wide = of('branch5x5_2', of('branch5x5_1', x, 48), 64, 5);
  const inner = of('branch3x3dbl_2', of('branch3x3dbl_1', x, 64), 96, 3);
  const pool = of('branch_pool', neighbourhoodMean(x), pooled);
  return concat([of('branch1x1', x, 64), wide, of('branch3x3dbl_3', inner, 96, 3), pool], 1);
}

/** [N, 288, 35, 35] → [N, 768, 17, 17]. */
function blockB(scope: Scope, x: Tensor): Tensor {
  const smaller = { kernel: square(3), stride: 2, valid: true };
  const single = conv(scope.at('branch3x3'), x, 384, smaller);
  let double = conv(scope.at('branch3x3dbl_1'), x, 64);
  double = conv(scope.at('branch3x3dbl_2'), double, 96, { kernel: square(3) });
  double = conv(scope.at('branch3x3dbl_3'), double, 96, smaller);
  return concat([single, double, maxPool(x, 3, { stride: 2 })], 1);
}

/** [N, 768, 17, 17] → the same: kernels of 7 × 7 as rows and columns. */
function blockC(scope: Scope, x: Tensor, inner: number): Tensor {
  const of = (name: string, y: Tensor, channels: number, kernel = square(1)) =>
    conv(scope.at(name), y, channels, { kernel });
  let single = of('branch7x7_1', x, inner);
  single = of('branch7x7_2', single, inner, ROW);
  single = of('branch7x7_3', single, 192, COLUMN);
  let double = of('branch7x7dbl_1', x, inner);
  double = of('branch7x7dbl_2', double, inner, COLUMN);
  double = of('branch7x7dbl_3', double, inner, ROW);
  double = of('branch7x7dbl_4', double, inner, COLUMN);
  double = of('branch7x7dbl_5', double, 192, ROW);
  const pool = of('branch_pool', neighbourhoodMean(x), 192);
  return concat([of('branch1x1', x, 192), single, double, pool], 1);
}

/** [N, 768, 17, 17] → [N, 1280, 8, 8]. */
function blockD(scope: Scope, x: Tensor): Tensor {
  const smaller = { kernel: square(3), stride: 2, valid: true };
  const single = conv(scope.at('branch3x3_1'), x, 192);
  let long = conv(scope.at('branch7x7x3_1'), x, 192);
  long = conv(scope.at('branch7x7x3_2'), long, 192, { kernel: ROW });
  long = conv(scope.at('branch7x7x3_3'), long, 192, { kernel: COLUMN });
  const branches = [
    conv(scope.at('branch3x3_2'), single, 320, smaller),
    conv(scope.at('branch7x7x3_4'), long, 192, smaller),
  ];
  return concat([...branches, maxPool(x, 3, { stride: 2 })], 1);
}

/** [N, C, 8, 8] → [N, 2048, 8, 8]. */
function blockE(scope: Scope, x: Tensor, pool: (x: Tensor) => Tensor): Tensor {
  /** A row and a column beside each other. */
  const split = (name: string, y: Tensor) => [
    conv(scope.at(`${name}a`), y, 384, { kernel: [1, 3] }),
    conv(scope.at(`${name}b`), y, 384, { kernel: [3, 1] }),
  ];
  const single = conv(scope.at('branch3x3_1'), x, 384);
  let double = conv(scope.at('branch3x3dbl_1'), x, 448);
  double = conv(scope.at('branch3x3dbl_2'), double, 384, { kernel: square(3) });
  const branches = [...split('branch3x3_2', single), ...split('branch3x3dbl_3', double)];
  const pooled = conv(scope.at('branch_pool'), pool(x), 192);
  return concat([conv(scope.at('branch1x1'), x, 320), ...branches, pooled], 1);
}

const neighbourhoodMean = (x: Tensor) => avgPool(x, 3, { stride: 1, padding: 1 });

/**
 * Convolution, normalisation by fixed statistics, rectifier: [N, C, H, W] → [N, channels, h, w].
 * The normalisation is a scale of the kernel and a bias, which are constants if the parameters are.
 */
function conv(
  scope: Scope,
  x: Tensor,
  channels: number,
  { kernel = [1, 1], stride = 1, valid = false }: ConvOptions = {},
): Tensor {
  const inputs = x.shape[1]!;
  const start = fanIn(inputs * kernel[0] * kernel[1]);
  const weight = scope.at('conv').parameter('weight', [channels, inputs, ...kernel], start);
  const of = (name: string, first: Initializer) =>
    scope.at('bn').parameter(name, [channels], first);
  const deviation = sqrt(add(of('running_var', ones), EPSILON));
  const scale = div(of('weight', ones), deviation);
  const bias = sub(of('bias', zeros), mul(of('running_mean', zeros), scale));
  const scaled = mul(weight, reshape(scale, [channels, 1, 1, 1]));
  const padding = valid ? 0 : ([(kernel[0] - 1) / 2, (kernel[1] - 1) / 2] as const);
  return relu(conv2d(x, scaled, { stride, padding, bias }));
}
