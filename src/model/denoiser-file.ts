import { type BayesEstimator, type Denoiser, effectiveNoise } from '../density/index.ts';
import { UserError } from '../errors.ts';
import {
  constant,
  type Device,
  exportOnnx,
  type OnnxFile,
  openOnnx,
  type Shape,
  sizeOf,
  type Tensor,
} from '../graph/index.ts';
import { bindParameters } from '../nn/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import { createModel, inputOf, type ModelConfig, modelConfigSchema } from './model.ts';

/** What an ONNX file of a denoiser says of itself. */
export interface DenoiserFileInfo {
  /** Shape of one example. */
  readonly shape: Shape;
  /** Absent in files from elsewhere. */
  readonly config: ModelConfig | undefined;
}

/** A denoiser read from an ONNX file. */
export type DenoiserFile = BayesEstimator & DenoiserFileInfo & { release(): Promise<void> };

/** Name of the output −log p, up to a constant, [batch]. */
const ENERGY = 'energy';

/**
 * ν_θ as an ONNX file of standard operators: input `ybar`, or `counts` for their sum, output `xhat`, both
 * [batch, ...shape] with a dynamic batch (all measurements stacked along the first axis where the network sees them), the
 * output `energy` [batch] where there is one, and the model's configuration as metadata `mdensity`. Parameters keep their
 * names; `half` stores them in half precision.
 * @param parameters flat vector [P] in the order of the model's `specs`.
 */
export function exportDenoiser(
  config: ModelConfig,
  parameters: Float32Array,
  { half = false }: { readonly half?: boolean } = {},
): Uint8Array {
  const { denoiser, energy, specs, inputShape, rate } = createModel(config);
  const weights: Record<string, Tensor> = {};
  let start = 0;
  for (const { name, shape } of specs) {
    const end = start + sizeOf(shape);
    weights[name] = constant(parameters.subarray(start, end), shape, name);
    start = end;
  }
  return exportOnnx({
    build: (z) => denoiser(bindParameters(weights), z),
    ...(energy && { scalars: (z: Tensor) => ({ [ENERGY]: energy(bindParameters(weights), z) }) }),
    shape: inputShape,
    inputName: rate === undefined ? 'ybar' : 'counts',
    outputName: 'xhat',
    metadata: { mdensity: JSON.stringify(config) },
    half,
  });
}

export interface OpenOptions {
  readonly device?: Device;
  /** Effective noise σ̃, for a file that does not say it. */
  readonly sigma?: number;
  /** Threads on the CPU; default: every core. */
  readonly threads?: number;
}

/**
 * Opens a denoiser; one from elsewhere is tried on noise. `source` names it in errors.
 * @throws UserError if σ̃ is neither in the file nor given, or given and another; if the trial
 * fails or gives NaN or infinity.
 */
export async function openDenoiser(
  bytes: Uint8Array,
  source: string,
  { sigma, device = 'cpu', ...options }: OpenOptions = {},
): Promise<DenoiserFile> {
  const file = await openOnnx(bytes, source, { device, ...options });
  try {
    const config = readModelConfig(file.metadata, file.shape, source);
    const { run: denoise, release } = file;
    const { shape = file.shape } = config ?? {};
    const { stacked = 1, rate } = config ? inputOf(config) : {};
    if (rate !== undefined) {
      refuseSigma(sigma, source);
      const counts = { rate, background: config?.background ?? 0 };
      return { shape, config, ...counts, denoise: ofCounts(denoise, source), release };
    }
    const noise = noiseOf(config, sigma, source);
    if (!config) await tryDenoiser(file, noise, source);
    const functions = file.scalars.includes(ENERGY) ? withEnergy(file) : { denoise };
    return { shape, stacked, config, sigma: noise, ...functions, release };
  } catch (error) {
    await file.release();
    throw error;
  }
}

/** An estimator that takes nothing but counts. */
function ofCounts(denoise: OnnxFile['run'], source: string): BayesEstimator['denoise'] {
  return async (counts, out) => {
    const bad = counts.find((count) => !(count >= 0 && Number.isInteger(count)));
    if (bad === undefined) return denoise(counts, out);
    throw new UserError(`${source}: ${bad} is not a count; give whole numbers of 0 or more`);
  };
}

function refuseSigma(sigma: number | undefined, source: string): void {
  if (sigma === undefined) return;
  throw new UserError(`${source}: was trained on counts, which have no sigma; leave --sigma out`);
}

/**
 * Denoiser and log p, up to a constant, of a file that gives an energy. One run gives both: the gradient is made
 * of the energy, and a Metropolis kernel asks for the two at the same z, which are kept.
 */
function withEnergy({ shape, run }: OnnxFile): Required<Pick<Denoiser, 'denoise' | 'logDensity'>> {
  const size = sizeOf(shape);
  let known = { z: new Float32Array(0), xhat: new Float32Array(0), energy: new Float32Array(0) };
  const at = async (z: Float32Array) => {
    if (equal(z, known.z)) return known;
    const made = {
      z: z.slice(),
      xhat: new Float32Array(z.length),
      energy: new Float32Array(z.length / size),
    };
    await run(made.z, made.xhat, { [ENERGY]: made.energy });
    known = made;
    return made;
  };
  return {
    denoise: async (z, out) => out.set((await at(z)).xhat),
    logDensity: async (z, out) => {
      const { energy } = await at(z);
      for (let i = 0; i < out.length; i++) out[i] = -energy[i]!;
    },
  };
}

const equal = (a: Float32Array, b: Float32Array) =>
  a.length === b.length && a.every((value, i) => value === b[i]);

/** Runs two examples of noise: a file may say more of its shapes than it keeps. */
async function tryDenoiser({ shape, run }: OnnxFile, sigma: number, source: string) {
  const x = new Float32Array(2 * sizeOf(shape));
  fillNormal(randomKey(0), 0, x);
  for (let i = 0; i < x.length; i++) x[i]! *= sigma;
  const out = new Float32Array(x.length);
  await run(x, out);
  const bad = out.find((value) => !Number.isFinite(value));
  if (bad === undefined) return;
  throw new UserError(
    `${source}: gives ${bad} for noise of deviation ${sigma}; check its weights, and --sigma`,
  );
}

/** What the file says, without the need of a noise level. `source` names it in errors. */
export async function describeDenoiser(
  bytes: Uint8Array,
  source: string,
): Promise<DenoiserFileInfo> {
  const file = await openOnnx(bytes, source, { device: 'cpu' });
  try {
    const config = readModelConfig(file.metadata, file.shape, source);
    return { shape: config?.shape ?? file.shape, config };
  } finally {
    await file.release();
  }
}

function noiseOf(config: ModelConfig | undefined, given: number | undefined, source: string) {
  const own = config?.sigma && effectiveNoise(config.sigma, config.measurements);
  const sigma = config ? inputOf(config).inputSigma : given;
  if (sigma === undefined) {
    throw new UserError(`${source}: does not say its noise level; give it with --sigma`);
  }
  if (own !== undefined && given !== undefined && Math.abs(own - given) > 1e-6 * own) {
    throw new UserError(
      `${source}: was trained at effective noise ${own}, not ${given}; leave --sigma out`,
    );
  }
  return sigma;
}

/** The configuration that a file whose input is of `shape` holds as metadata; none in files from elsewhere. */
export function readModelConfig(
  metadata: Readonly<Record<string, string>>,
  shape: Shape,
  source: string,
): ModelConfig | undefined {
  if (metadata.mdensity === undefined) return undefined;
  let config: ModelConfig;
  try {
    config = modelConfigSchema.parse(JSON.parse(metadata.mdensity));
  } catch (cause) {
    throw new UserError(`${source}: its metadata "mdensity" is damaged; export the model again`, {
      cause,
    });
  }
  const { inputShape } = inputOf(config);
  if (inputShape.join() === shape.join()) return config;
  throw new UserError(
    `${source}: its metadata "mdensity" says examples of [${inputShape.join(', ')}], its input takes [${shape.join(', ')}]; export the model again`,
  );
}
