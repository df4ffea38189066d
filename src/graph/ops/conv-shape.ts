import { checkFloat, fail, type Tensor } from '../tensor.ts';

export interface ConvOptions {
  /** Step between output pixels, the same for both axes. Default 1. */
  readonly stride?: number;
  /** Zeros on each side: one count for both axes, or those of height and width. Default 0. */
  readonly padding?: number | readonly [number, number];
}

/** Where a window meets an image: options with nothing left open. */
export interface Geometry {
  readonly stride: number;
  readonly padding: readonly [number, number];
}

/** Resolves the options of a convolution. */
export function geometryOf({ stride = 1, padding = 0 }: ConvOptions): Geometry {
  return { stride, padding: typeof padding === 'number' ? [padding, padding] : padding };
}

/** Writes ONNX's form of the padding: in front of both axes, then behind them. */
export const padsOf = ({ padding }: Geometry): number[] => [...padding, ...padding];

/** Checks what every convolution needs: float images [N, C, H, W], a whole stride and padding. */
export function checkConv(op: string, inputs: readonly Tensor[], geometry: Geometry): void {
  checkFloat(op, inputs);
  const flat = inputs.slice(0, 2).find(({ shape }) => shape.length !== 4);
  if (flat) fail(op, `${flat.name} must have four axes`, inputs);
  checkGeometry(op, inputs, geometry);
}

/** Checks the options of a convolution. */
export function checkGeometry(
  op: string,
  inputs: readonly Tensor[],
  { stride, padding }: Geometry,
): void {
  if (!Number.isInteger(stride) || stride < 1) fail(op, `stride ${stride} is not ≥ 1`, inputs);
  const wrong = padding.find((count) => !Number.isInteger(count) || count < 0);
  if (wrong !== undefined) fail(op, `padding ${wrong} is not ≥ 0`, inputs);
}

/** Computes ⌊(size + 2·padding − kernel)/stride⌋ + 1 of height and width. */
export function convSizes(
  image: readonly number[],
  kernel: readonly number[],
  { stride, padding }: Geometry,
): [number, number] {
  const after = (i: 0 | 1) => Math.floor((image[i]! + 2 * padding[i] - kernel[i]!) / stride) + 1;
  return [after(0), after(1)];
}
