import { broadcastShapes } from '../shape.ts';
import { apply, checkFloat, fail, type Op, type Tensor } from '../tensor.ts';
import { sumTo } from './sum-to.ts';

interface Options {
  /** Use the transpose of a's last two axes. */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

const op: Op<Required<Options>> = {
  name: 'matMul',
  infer: (inputs, { transposeA, transposeB }) => {
    const [a, b] = inputs as readonly [Tensor, Tensor];
    if (a.shape.length < 2 || b.shape.length < 2) fail('matMul', 'needs two axes at least', inputs);
    const [rows, inner] = lastTwo(a, transposeA);
    const [innerB, columns] = lastTwo(b, transposeB);
    if (inner !== innerB) fail('matMul', `inner sizes ${inner} and ${innerB} differ`, inputs);
    if (a.dtype !== b.dtype) {
      fail('matMul', `operands are ${a.dtype} and ${b.dtype}; cast one`, inputs);
    }
    if (a.dtype !== 'float64') checkFloat('matMul', inputs);
    const batch = broadcastShapes(inputs.map(({ shape }) => shape.slice(0, -2)));
    if (!batch) return fail('matMul', 'batches do not broadcast', inputs);
    return { shape: [...batch, rows, columns], dtype: a.dtype };
  },
  gradient: ({ inputs, attributes: { transposeA, transposeB } }, cotangent) => {
    const [a, b] = inputs as readonly [Tensor, Tensor];
    const da = transposeA
      ? matMul(b, cotangent, { transposeA: transposeB, transposeB: true })
      : matMul(cotangent, b, { transposeB: !transposeB });
    const db = transposeB
      ? matMul(cotangent, a, { transposeA: true, transposeB: transposeA })
      : matMul(a, cotangent, { transposeA: !transposeA });
    return [sumTo(da, a.shape), sumTo(db, b.shape)];
  },
  lower: (emitter, inputs, { inputs: operands, attributes: { transposeA, transposeB } }) => {
    if (!transposeA && !transposeB) return emitter.node('MatMul', inputs);
    if (emitter.target === 'cpu') {
      const attributes = { transA: Number(transposeA), transB: Number(transposeB) };
      return emitter.node('FusedMatMul', inputs, { domain: 'com.microsoft', attributes });
    }
    const flip = (name: string, i: number) => {
      const axes = [...operands[i]!.shape.keys()];
      const perm = [...axes.slice(0, -2), ...axes.slice(-2).reverse()];
      return emitter.node('Transpose', [name], { attributes: { perm } });
    };
    const flags = [transposeA, transposeB];
    return emitter.node(
      'MatMul',
      inputs.map((name, i) => (flags[i] ? flip(name, i) : name)),
    );
  },
};

/**
 * Computes the matrix product of the last two axes, batched over the others, which broadcast: [..,
 * m, k]·[.., k, n] → [.., m, n]. Of float32, or of float64 on the CPU, which is not differentiated.
 */
export function matMul(a: Tensor, b: Tensor, options: Options = {}): Tensor {
  return apply(op, [a, b], { transposeA: false, transposeB: false, ...options });
}

function lastTwo(tensor: Tensor, transposed: boolean): readonly [number, number] {
  const [rows, columns] = tensor.shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}
