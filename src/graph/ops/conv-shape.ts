import { checkFloat, fail, type Tensor } from '../tensor.ts';

export interface ConvOptions {
  /** Step between output pixels, the same for both axes. Default 1. */
  readonly stride?: number;
  /** Zeros on each side of both axes. Default 0. */
  readonly padding?: number;
}

/** Checks what every convolution needs: float images [N, C, H, W], a whole stride and padding. */
export function checkConv(
  op: string,
  inputs: readonly Tensor[],
  options: Required<ConvOptions>,
): void {
  const { stride, padding } = options;
  checkFloat(op, inputs);
  const flat = inputs.slice(0, 2).find(({ shape }) => shape.length !== 4);
  if (flat) fail(op, `${flat.name} must have four axes`, inputs);
  if (!Number.isInteger(stride) || stride < 1) fail(op, `stride ${stride} is not ≥ 1`, inputs);
  if (!Number.isInteger(padding) || padding < 0) fail(op, `padding ${padding} is not ≥ 0`, inputs);
}

/** ⌊(size + 2·padding − kernel)/stride⌋ + 1. */
export function convSize(
  size: number,
  kernel: number,
  { stride, padding }: Required<ConvOptions>,
): number {
  return Math.floor((size + 2 * padding - kernel) / stride) + 1;
}
