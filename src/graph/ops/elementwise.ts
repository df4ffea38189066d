import { broadcast } from '../shape.ts';
import { apply, checkFloat, constant, type DType, fail, type Op, type Tensor } from '../tensor.ts';
import { elementwise } from './blocks.ts';
import { sumTo } from './sum-to.ts';

/** Elementwise ops take numbers as float32 constants. */
export type Operand = Tensor | number;

const toTensor = (operand: Operand) => (typeof operand === 'number' ? constant(operand) : operand);

interface UnaryRules {
  readonly name: string;
  /** dL/dx from the cotangent; none for ops constant to the gradient. */
  readonly gradient?: (call: { x: Tensor; y: Tensor; cotangent: Tensor }) => Tensor;
  readonly lower: Op['lower'];
}

/** Makes the function of a float32 → float32 elementwise op. */
export function unary({ name, gradient, lower }: UnaryRules): (x: Operand) => Tensor {
  const op: Op = {
    name,
    infer: ([x]) => {
      checkFloat(name, [x!]);
      return { shape: x!.shape, dtype: 'float32' };
    },
    ...(gradient && {
      gradient: ({ inputs, output }, cotangent) => [
        gradient({ x: inputs[0]!, y: output, cotangent }),
      ],
    }),
    lower: elementwise(lower),
  };
  return (x) => apply(op, [toTensor(x)], undefined);
}

interface BinaryRules {
  readonly name: string;
  readonly onnx: string;
  /** Cotangents of a and b before broadcasting is undone; none for comparisons. */
  readonly gradient?: (call: {
    a: Tensor;
    b: Tensor;
    y: Tensor;
    cotangent: Tensor;
  }) => readonly [Tensor, Tensor];
  /** Type of the result; by default that of the operands. */
  readonly dtype?: DType;
}

/** Makes the function of an elementwise op of two operands that broadcast. */
export function binary({
  name,
  onnx,
  gradient,
  dtype,
}: BinaryRules): (a: Operand, b: Operand) => Tensor {
  const op: Op = {
    name,
    infer: (inputs) => {
      const [a, b] = inputs as readonly [Tensor, Tensor];
      if (a.dtype !== b.dtype)
        fail(name, `operands are ${a.dtype} and ${b.dtype}; cast one`, inputs);
      if (a.dtype === 'bool' && onnx !== 'Equal') fail(name, 'takes numbers, not bool', inputs);
      return { shape: broadcast(name, inputs), dtype: dtype ?? a.dtype };
    },
    ...(gradient && {
      gradient: ({ inputs, output }, cotangent) => {
        const [a, b] = inputs as readonly [Tensor, Tensor];
        const parts = gradient({ a, b, y: output, cotangent });
        return [sumTo(parts[0], a.shape), sumTo(parts[1], b.shape)];
      },
    }),
    lower: elementwise((emitter, inputs) => emitter.node(onnx, inputs)),
  };
  return (a, b) => apply(op, [toTensor(a), toTensor(b)], undefined);
}
