/** Which layers of a model may be computed in 8 bits, found by running it. */
import { type CalibrationCall, callsOf, type Runs } from './calibration-calls.ts';
import { GraphError } from './error.ts';
import {
  constantPart,
  measuredName,
  quantizableLayers,
  quantizeLayers,
  SWITCHES,
  withMeans,
  withRanges,
  withSwitches,
} from './quantize.ts';
import type { QuantizableLayer, Range } from './quantize-nodes.ts';
import { readOnnx, type StoredArray } from './read-onnx.ts';
import { openSession } from './runtime.ts';

export interface QuantizeOptions {
  /** What the model is like to be called with: ranges of activations are measured on it. */
  readonly calls: readonly CalibrationCall[];
  /** Names the model in errors. */
  readonly source: string;
  /**
   * Largest change of the output at any call, as a share of ‖output − input‖: layers that change
   * it most stay in single precision until it is met. Default 0.01.
   */
  readonly tolerance?: number | undefined;
  readonly threads?: number | undefined;
}

export interface Quantized {
  readonly bytes: Uint8Array;
  /** Layers in 8 bits. */
  readonly layers: number;
  /** Names of the layers that stay in single precision, the most sensitive first. */
  readonly kept: readonly string[];
  /** ‖change of the output‖ / ‖output − input‖, at the call where it is largest. */
  readonly change: number;
}

/** Change of the output that a walk does not feel: 1 % of a score is 0.01 % of its square. */
const TOLERANCE = 0.01;

/**
 * Writes a model's convolutions and products with constant weights in 8 bits (see `quantize.ts`).
 * Each layer is tried alone; where all together change the output by more than `tolerance`, those
 * that change it most are left out.
 *
 * @throws GraphError (`unsupported`) where no layer can be, or none within the tolerance.
 */
export async function quantizeOnnx(
  bytes: Uint8Array,
  { calls, source, tolerance = TOLERANCE, threads }: QuantizeOptions,
): Promise<Quantized> {
  const description = readOnnx(bytes, source);
  if (description.input.batch !== undefined) {
    throw new GraphError(
      `${source}: takes batches of ${description.input.batch} alone, and is not computed in 8 bits; export it with an open batch`,
      { code: 'unsupported', facts: { source, batch: description.input.batch } },
    );
  }
  const runs = callsOf(description, calls, threads);
  const layers = quantizableLayers(bytes, source, await constantsMadeIn(bytes));
  if (layers.length === 0) {
    throw new GraphError(`${source}: has no layer that 8 bits would make faster`, {
      code: 'unsupported',
      facts: { source },
    });
  }
  const ranges = await rangesOf(runs, bytes, layers);
  const corrected = await unbiased(runs, bytes, layers, ranges);
  const sorted = await bySensitivity(runs, bytes, corrected, ranges);
  const exact = await runs.outputs(bytes);
  const attempt = async (left: number) => {
    const made = quantizeLayers(bytes, sorted.slice(left), ranges);
    const change = changeOf(calls, exact, await runs.outputs(made));
    return { bytes: made, left, change };
  };
  // The fewest layers left out that meet the tolerance, by halving.
  let [low, high] = [0, sorted.length - 1];
  let best = await attempt(low);
  if (best.change > tolerance) {
    best = await attempt(high);
    while (high - low > 1 && best.change <= tolerance) {
      const middle = (low + high) >> 1;
      const tried = await attempt(middle);
      if (tried.change <= tolerance) [high, best] = [middle, tried];
      else low = middle;
    }
  }
  if (!(best.change <= tolerance)) {
    throw new GraphError(
      `${source}: 8 bits change its output by ${(100 * best.change).toPrecision(2)} % even in one layer; use single precision`,
      { code: 'unsupported', facts: { source, change: best.change, tolerance } },
    );
  }
  return {
    bytes: best.bytes,
    layers: sorted.length - best.left,
    kept: sorted.slice(0, best.left).map(({ name }) => name),
    change: best.change,
  };
}

/** Weights and biases that nodes make of constants. */
async function constantsMadeIn(bytes: Uint8Array): Promise<Record<string, StoredArray>> {
  const part = constantPart(bytes);
  if (part.names.length === 0) return {};
  const session = await openSession(part.bytes, { device: 'cpu', threads: 1 });
  try {
    const results = await session.run({}, [...part.names]);
    return Object.fromEntries(
      part.names.map((name) => {
        const { dims, data } = results[name]!;
        return [name, { shape: dims, data: Float32Array.from(data as Float32Array) }];
      }),
    );
  } finally {
    await session.release();
  }
}

/** Ranges of what goes into the layers and comes out of them. */
async function rangesOf(runs: Runs, bytes: Uint8Array, layers: readonly QuantizableLayer[]) {
  const tensors = [...new Set(layers.flatMap(({ name, input }) => [name, input]))];
  const extremes = new Map<string, number>();
  const names = tensors.flatMap((name) => [measuredName(name, 'min'), measuredName(name, 'max')]);
  await runs.numbers(withRanges(bytes, tensors), names, (name, value) => {
    const far = name.endsWith(measuredName('', 'min')) ? Math.min : Math.max;
    extremes.set(name, far(extremes.get(name) ?? value, value));
  });
  return new Map<string, Range>(
    tensors.map((name) => [
      name,
      {
        min: extremes.get(measuredName(name, 'min'))!,
        max: extremes.get(measuredName(name, 'max'))!,
      },
    ]),
  );
}

/** Layers whose biases take back what 8 bits add to their outputs on average. */
async function unbiased(
  runs: Runs,
  bytes: Uint8Array,
  layers: readonly QuantizableLayer[],
  ranges: ReadonlyMap<string, Range>,
): Promise<QuantizableLayer[]> {
  const biased = layers.filter(({ bias }) => bias !== undefined);
  if (biased.length === 0) return [...layers];
  const sums = new Map(
    biased.map(({ name, bias }) => [name, new Float64Array(bias!.data.length)] as const),
  );
  let calls = 0;
  const names = biased.map(({ name }) => measuredName(name, 'mean'));
  await runs.each(withMeans(bytes, biased, ranges), names, (results) => {
    calls += 1;
    for (const [name, sum] of sums) {
      const changes = results[measuredName(name, 'mean')]!.data as Float32Array;
      const rows = changes.length / sum.length;
      for (let i = 0; i < changes.length; i++) sum[i % sum.length]! += changes[i]! / rows;
    }
  });
  return layers.map((layer) => withoutMean(layer, sums.get(layer.name), calls));
}

/** Takes from a bias a mean of calls (Nagel et al. 2019, section 4.2). */
function withoutMean(layer: QuantizableLayer, sums: Float64Array | undefined, calls: number) {
  const { bias } = layer;
  if (bias === undefined || sums === undefined) return layer;
  return {
    ...layer,
    bias: { ...bias, data: bias.data.map((value, i) => value - sums[i]! / calls) },
  };
}

/** Calls, and examples of each, that layers are tried on one by one. */
const TRIED_CALLS = 4;
const TRIED_EXAMPLES = 2;

/** Layers by what the output changes by where each alone is in 8 bits; the largest change first. */
async function bySensitivity(
  runs: Runs,
  bytes: Uint8Array,
  layers: readonly QuantizableLayer[],
  ranges: ReadonlyMap<string, Range>,
): Promise<QuantizableLayer[]> {
  const few = runs.few(TRIED_CALLS, TRIED_EXAMPLES);
  const states = [...Array(layers.length + 1).keys()].map((on) =>
    Float32Array.from(layers, (_, i) => (i === on ? 1 : 0)),
  );
  const found = await few.switched(withSwitches(bytes, layers, ranges), SWITCHES, states);
  const exact = found.at(-1)!;
  const changes = new Map(
    layers.map(({ name }, i) => [name, changeOf(few.calls, exact, found[i]!)] as const),
  );
  return [...layers].sort((a, b) => changes.get(b.name)! - changes.get(a.name)!);
}

/** The largest of the calls' changes: one level is not to be outweighed by a noisier one. */
function changeOf(
  calls: readonly CalibrationCall[],
  exact: readonly Float32Array[],
  changed: readonly Float32Array[],
): number {
  const shares = calls.map(({ x }, k) => {
    const [a, b] = [exact[k]!, changed[k]!];
    let [change, moved] = [0, 0];
    for (let i = 0; i < x.length; i++) {
      change += (b[i]! - a[i]!) ** 2;
      moved += (a[i]! - x[i]!) ** 2;
    }
    return Math.sqrt(change / moved);
  });
  return Math.max(...shares);
}
