/** Which layers of a model may be computed in 8 bits, found by running it. */
import type * as Ort from 'onnxruntime-common';
import { GraphError } from './error.ts';
import type { Scalars } from './onnx-file.ts';
import {
  constantPart,
  cutName,
  cutRange,
  cuts,
  measuredName,
  quantizableLayers,
  quantizeLayers,
  withCuts,
  withErrors,
  withRanges,
} from './quantize.ts';
import type { QuantizableLayer, Range } from './quantize-nodes.ts';
import { type OnnxDescription, readOnnx, type StoredArray } from './read-onnx.ts';
import { loadRuntime, openSession } from './runtime.ts';

/** Inputs of one call: `[batch, ...shape]`, and what else the model is told. */
export interface CalibrationCall {
  readonly x: Float32Array;
  readonly told?: Scalars;
}

export interface QuantizeOptions {
  /** What the model is like to be called with: ranges of activations are measured on it. */
  readonly calls: readonly CalibrationCall[];
  /** Names the model in errors. */
  readonly source: string;
  /**
   * Largest change of the output at any call, as a share of ‖output − input‖: layers that change
   * it most stay in single precision until it is met. Default 0.03.
   */
  readonly tolerance?: number;
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

/** Change of the output that a walk does not feel: 3 % of a score is 0.1 % of its square. */
const TOLERANCE = 0.03;

/**
 * Writes a model's convolutions and products with constant weights in 8 bits (see `quantize.ts`).
 * Each layer is tried alone on the calls; where all together change the output by more than
 * `tolerance`, those with the largest error of their own are left out.
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
  const ranges = await cutRanges(runs, bytes, await rangesOf(runs, bytes, layers));
  const { sorted, means } = await bySensitivity(runs, bytes, layers, ranges);
  const exact = await runs.outputs(bytes);
  const attempt = async (left: number) => {
    const made = quantizeLayers(bytes, sorted.slice(left).map(withoutMean(means)), ranges);
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

/** Runs variants of a model on the calls. */
function callsOf(
  { input, output, further }: OnnxDescription,
  calls: readonly CalibrationCall[],
  threads: number | undefined,
) {
  const size = input.shape.reduce((product, length) => product * length, 1);
  async function each(
    bytes: Uint8Array,
    fetches: readonly string[],
    see: (results: Ort.InferenceSession.OnnxValueMapType) => void,
  ): Promise<void> {
    const { Tensor } = await loadRuntime();
    const session = await openSession(bytes, {
      device: 'cpu',
      ...(threads !== undefined && { threads }),
    });
    try {
      for (const { x, told = {} } of calls) {
        const count = x.length / size;
        const feeds: Record<string, Ort.Tensor> = {
          [input.name]: new Tensor('float32', x, [count, ...input.shape]),
        };
        for (const { name, shape } of further) {
          feeds[name] = new Tensor('float32', told[name]!, [count, ...shape]);
        }
        see(await session.run(feeds, [...fetches]));
      }
    } finally {
      await session.release();
    }
  }
  return {
    /** Outputs of each call. */
    async outputs(bytes: Uint8Array): Promise<Float32Array[]> {
      const found: Float32Array[] = [];
      await each(bytes, [output.name], (results) => {
        found.push((results[output.name]!.data as Float32Array).slice());
      });
      return found;
    },
    /** Numbers that a measuring variant gives at each call. */
    async numbers(
      bytes: Uint8Array,
      names: readonly string[],
      see: (name: string, value: number) => void,
    ): Promise<void> {
      await each(bytes, names, (results) => {
        for (const name of names) see(name, Number(results[name]!.data[0]));
      });
    },
    /** Numbers, and arrays, that a measuring variant gives at each call. */
    arrays: each,
  };
}

type Runs = ReturnType<typeof callsOf>;

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

/**
 * Ranges without their ends where 8 bits are closer to the values so: what is beyond is cut off,
 * and the steps are smaller.
 */
async function cutRanges(runs: Runs, bytes: Uint8Array, ranges: ReadonlyMap<string, Range>) {
  const sums = new Map<string, number>();
  const names = [...ranges.keys()].flatMap((name) => cuts.map((_, k) => cutName(name, k)));
  await runs.numbers(withCuts(bytes, ranges), names, (name, value) => {
    sums.set(name, (sums.get(name) ?? 0) + value);
  });
  const best = [...ranges].map(([name, range]) => {
    const errors = cuts.map((_, k) => sums.get(cutName(name, k))!);
    return [name, cutRange(range, cuts[errors.indexOf(Math.min(...errors))]!)] as const;
  });
  return new Map<string, Range>(best);
}

/** What 8 bits change in layers, each alone. */
interface Sensitivity {
  /** By the change relative to the output; the largest first. */
  readonly sorted: readonly QuantizableLayer[];
  /** Mean change of each output of the layers with a bias. */
  readonly means: ReadonlyMap<string, Float64Array>;
}

async function bySensitivity(
  runs: Runs,
  bytes: Uint8Array,
  layers: readonly QuantizableLayer[],
  ranges: ReadonlyMap<string, Range>,
): Promise<Sensitivity> {
  const shares = new Map(layers.map(({ name }) => [name, { error: 0, power: 0 }]));
  const biased = layers.filter(({ bias }) => bias !== undefined);
  const means = new Map(
    biased.map(({ name, bias }) => [name, new Float64Array(bias!.data.length)]),
  );
  let calls = 0;
  const names = [
    ...layers.flatMap(({ name }) => [measuredName(name, 'error'), measuredName(name, 'power')]),
    ...biased.map(({ name }) => measuredName(name, 'mean')),
  ];
  await runs.arrays(withErrors(bytes, layers, ranges), names, (results) => {
    calls += 1;
    for (const [name, sums] of shares) {
      sums.error += Number(results[measuredName(name, 'error')]!.data[0]);
      sums.power += Number(results[measuredName(name, 'power')]!.data[0]);
    }
    for (const [name, mean] of means) {
      const changes = results[measuredName(name, 'mean')]!.data as Float32Array;
      const rows = changes.length / mean.length;
      for (let i = 0; i < changes.length; i++) mean[i % mean.length]! += changes[i]! / rows;
    }
  });
  const averaged = [...means].map(
    ([name, sums]) => [name, sums.map((sum) => sum / calls)] as const,
  );
  const share = ({ name }: QuantizableLayer) => {
    const { error, power } = shares.get(name)!;
    return error / Math.max(power, Number.MIN_VALUE);
  };
  return { sorted: [...layers].sort((a, b) => share(b) - share(a)), means: new Map(averaged) };
}

/** Takes from a bias what 8 bits add to a layer's outputs on average (Nagel et al. 2019, §4.2). */
const withoutMean =
  (means: ReadonlyMap<string, Float64Array>) =>
  (layer: QuantizableLayer): QuantizableLayer => {
    const { bias, name } = layer;
    const mean = means.get(name);
    if (bias === undefined || mean === undefined) return layer;
    const data = bias.data.map((value, i) => value - mean[i]!);
    return { ...layer, bias: { ...bias, data } };
  };

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
