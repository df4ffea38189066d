import { topological } from './gradient.ts';
import { sizeOf, type Tensor } from './tensor.ts';
import type { DType } from './types.ts';

const bytesOf: Readonly<Record<DType, number>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  int64: 8,
  uint8: 1,
  bool: 1,
};

/** Counts the bytes of a tensor's values. */
export const byteSize = ({ shape, dtype }: Tensor): number => sizeOf(shape) * bytesOf[dtype];

/**
 * Estimates the bytes that computing `outputs` on the CPU takes at its worst moment, before
 * anything is lowered: values from the op that makes them to the last that reads them, what ops
 * need while they work, outputs until the end, constants all the time. Inputs belong to the caller
 * and count nothing.
 */
export function peakBytes(outputs: readonly Tensor[]): number {
  const order = workOrder(outputs);
  const lastReader = new Map<Tensor, Tensor>();
  for (const tensor of order) {
    for (const source of tensor.inputs) lastReader.set(storage(source), tensor);
  }
  const kept = new Set(outputs.map(storage));
  const weights = blockedWeights(order);
  const sum = (tensors: Iterable<Tensor>) => [...tensors].reduce((all, x) => all + byteSize(x), 0);
  let live = constantBytes(order) + sum(weights.values());
  let peak = live;
  for (const tensor of order) {
    if (tensor.source.kind !== 'op') continue;
    if (storage(tensor) === tensor) live += byteSize(tensor);
    peak = Math.max(peak, live + workspace(tensor));
    const done = [...new Set(tensor.inputs.map(storage))].filter(
      (source) => lastReader.get(source) === tensor && !kept.has(source),
    );
    live -= sum(done.filter(({ source }) => source.kind === 'op'));
    const weight = weights.get(tensor);
    if (weight) live -= byteSize(weight);
  }
  return peak;
}

/**
 * Weights that convolutions take in blocks, by the last convolution that does. The copies are made
 * before any image, since an op's latest operand comes first, and one serves all that read it.
 */
function blockedWeights(order: readonly Tensor[]): Map<Tensor, Tensor> {
  const readers = new Map<Tensor, readonly [Tensor, Tensor]>();
  for (const tensor of order) {
    const { source, inputs } = tensor;
    if (source.kind !== 'op' || source.op !== 'conv2d') continue;
    readers.set(inputs[1]!, [tensor, inputs[1]!]);
  }
  return new Map(readers.values());
}

/** Constants, each array once. */
function constantBytes(tensors: readonly Tensor[]): number {
  const arrays = new Set(
    tensors.flatMap(({ source }) => (source.kind === 'constant' ? [source.data] : [])),
  );
  return [...arrays].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Ops whose result is their input's memory, or is never made: chains of transposes cancel. */
const views: Readonly<Record<string, number>> = {
  named: 0,
  reshape: 0,
  after: 0,
  transpose: 0,
  recompute: -1,
};

/** The tensor whose memory holds a tensor's values. */
function storage(tensor: Tensor): Tensor {
  let at = tensor;
  while (at.source.kind === 'op') {
    const { op } = at.source;
    const isWhole = (op === 'slice' || op === 'pad') && byteSize(at) === byteSize(at.inputs[0]!);
    const which = isWhole ? 0 : views[op];
    if (which === undefined) break;
    at = at.inputs.at(which)!;
  }
  return at;
}

/**
 * Bytes an op needs beside its operands and its result, from its lowering for the CPU: the turned
 * weights of convolutions, the copies of images that weight gradients are products of.
 */
function workspace({ source, inputs, shape }: Tensor): number {
  if (source.kind !== 'op') return 0;
  const [first, second] = inputs as readonly [Tensor, Tensor];
  switch (source.op) {
    case 'convTranspose2d':
      return 2 * byteSize(second);
    case 'conv2dWeight': {
      const weight = sizeOf(shape) * 4;
      const isPointwise = shape[2]! * shape[3]! === 1;
      // One product for each example; else both images copied, the first with its borders and
      // twice.
      if (isPointwise) return first.shape[0]! * weight;
      return 3 * byteSize(first) + byteSize(second) + weight;
    }
    default:
      return 0;
  }
}

/**
 * The order in which ONNX Runtime works: depth first, from the result that stands last in the
 * graph, an op's latest operand first. So a parameter's update comes right behind its gradient, and
 * a gradient behind those of later layers.
 */
function workOrder(outputs: readonly Tensor[]): Tensor[] {
  const listed = topological(outputs);
  const place = new Map(listed.map((tensor, i) => [tensor, i]));
  const byPlace = (a: Tensor, b: Tensor) => place.get(a)! - place.get(b)!;
  const isRead = new Set(listed.flatMap(({ inputs }) => inputs));
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack = listed
    .filter((tensor) => !isRead.has(tensor))
    .map((tensor) => ({ tensor, ready: false }));
  while (stack.length > 0) {
    const { tensor, ready } = stack.pop()!;
    if (ready) order.push(tensor);
    if (ready || seen.has(tensor)) continue;
    seen.add(tensor);
    stack.push({ tensor, ready: true });
    for (const source of [...tensor.inputs].sort(byPlace)) {
      stack.push({ tensor: source, ready: false });
    }
  }
  return order;
}
