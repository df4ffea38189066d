import {
  add,
  div,
  matMul,
  maximum,
  mul,
  reduceSum,
  reshape,
  sqrt,
  type Tensor,
  transpose,
} from '../../graph/index.ts';

/**
 * Coefficients of the quintic a·s + b·s³ + c·s⁵, which takes singular values from (0, 1] to about 1
 * in five rounds (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks").
 */
export const QUINTIC = [3.4445, -4.775, 2.0315] as const;
export const ROUNDS = 5;

/**
 * Replaces the singular values of each matrix of x [k, m, n] by values near 1, 0.7 to 1.2 for those
 * that are not tiny beside the matrix's norm; zero stays zero. Newton–Schulz iteration, matrix
 * products alone.
 */
export function orthogonalize(x: Tensor): Tensor {
  const [, rows, columns] = x.shape as readonly [number, number, number];
  const [a, b, c] = QUINTIC;
  const squares = reduceSum(reshape(mul(x, x), [x.shape[0]!, rows * columns, 1]), 1);
  let y = div(x, maximum(sqrt(squares), 1e-7));
  // The product of the matrix and its transpose is the smaller of the two.
  const wide = rows <= columns;
  if (!wide) y = transpose(y, [0, 2, 1]);
  for (let round = 0; round < ROUNDS; round++) {
    const gram = matMul(y, y, { transposeB: true });
    const polynomial = add(mul(gram, b), mul(matMul(gram, gram), c));
    y = add(mul(y, a), matMul(polynomial, y));
  }
  return wide ? y : transpose(y, [0, 2, 1]);
}
