import {
  type BayesEstimator,
  type CountDenoiser,
  type Denoiser,
  effectiveNoise,
} from '../density/index.ts';
import { UserError } from '../errors.ts';
import { type Device, type OnnxFile, openOnnx, type Shape, sizeOf } from '../graph/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import type { Condition } from './condition.ts';
import { type ModelConfig, modelConfigSchema } from './config.ts';
import { ENERGY, takesLevel } from './export-denoiser.ts';
import { type ConditionalFamily, familyOf, otherLevel } from './family.ts';
import { inputOf, levelsOf } from './model.ts';
import { isLevel, LEVEL_SLACK } from './noise.ts';

/** What an ONNX file of a denoiser says of itself. */
export interface DenoiserFileInfo {
  /** Shape of one example. */
  readonly shape: Shape;
  /** Absent in files from elsewhere. */
  readonly config: ModelConfig | undefined;
}

/**
 * A denoiser read from an ONNX file: of one class, at the level and under the condition that it was
 * opened with. `at` gives it at any other that the file knows; all of them share one session.
 */
export type DenoiserFile = (CountDenoiser | (Denoiser & ConditionalFamily)) &
  DenoiserFileInfo & { release(): Promise<void> };

/**
 * Fixes a family's configuration at one of its levels: it becomes a model of one class.
 *
 * @throws UserError (`level`) for a member (M, σ) of a class that the family does not know.
 */
export function fixLevel(
  config: ModelConfig,
  { sigma, measurements }: { readonly sigma: number; readonly measurements: number },
  source: string,
): ModelConfig {
  const level = effectiveNoise(sigma, measurements);
  const levels = levelsOf(config);
  if (!levels || !isLevel(levels, level)) {
    throw otherLevel(source, levels ?? { values: [inputOf(config).inputSigma] }, level);
  }
  const noise = { type: 'gaussian', sigma, measurements, levels: { values: [level] } } as const;
  return { ...config, noise };
}

export interface OpenOptions {
  readonly device?: Device;
  /** Effective noise σ̃, for a file that does not say it, or knows several. */
  readonly sigma?: number | undefined;
  /** Default: none. */
  readonly condition?: Condition | undefined;
  /** Threads on the CPU; default: every core. */
  readonly threads?: number;
  /** Where the model is, if its weights stay beside it; see `readOpenable`. In Node alone. */
  readonly path?: string | undefined;
}

/**
 * Opens a denoiser; one from elsewhere is tried on noise. `source` names it in errors.
 *
 * @throws UserError if σ̃ is neither in the file nor given, or given and not one that the file
 *   knows; for a condition that it does not know; if the trial fails or gives NaN or infinity.
 */
export async function openDenoiser(
  bytes: Uint8Array,
  source: string,
  { sigma, condition: given = {}, device = 'cpu', ...options }: OpenOptions = {},
): Promise<DenoiserFile> {
  const file = await openOnnx(bytes, source, { device, ...options });
  try {
    const config = readModelConfig(file.metadata, file.shape, source);
    const { run: denoise, release } = file;
    const { shape = file.shape } = config ?? {};
    const { stacked = 1, rate } = config ? inputOf(config) : {};
    if (rate !== undefined) {
      refuseSigma(sigma, source);
      const background = config?.noise.type === 'poisson' ? config.noise.background : 0;
      return { shape, config, rate, background, denoise: ofCounts(denoise, source), release };
    }
    const noise = knownSigma(config, sigma, source);
    if (!config) await tryDenoiser(file, noise, source);
    const levels = (config && levelsOf(config)) ?? { values: [noise] };
    const { condition } = config ?? {};
    const family = familyOf({
      source,
      shape,
      stacked,
      levels,
      condition,
      size: sizeOf(file.shape),
      isTold: takesLevel(config && levelsOf(config)),
      denoise: (z, out, told) => denoise(z, out, {}, told),
      ...(file.scalars.includes(ENERGY) && withEnergy(file)),
    });
    // At other levels too it is under the condition that it was opened with.
    const at: typeof family.at = (level, told = given) => family.at(level, told);
    return { ...family, at, ...at(noise), config, release };
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
 * Denoiser and log p, up to a constant, of a file that gives an energy. One run gives both: the
 * gradient is made of the energy, and a Metropolis kernel asks for the two at the same z, which are
 * kept.
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

/**
 * Describes what the file says, without the need of a noise level. `source` names it in errors;
 * `path` is where it is, if its weights stay beside it.
 */
export async function describeDenoiser(
  bytes: Uint8Array,
  source: string,
  path?: string,
): Promise<DenoiserFileInfo> {
  const file = await openOnnx(bytes, source, { device: 'cpu', path });
  try {
    const config = readModelConfig(file.metadata, file.shape, source);
    return { shape: config?.shape ?? file.shape, config };
  } finally {
    await file.release();
  }
}

/**
 * Deviation of the noise in what the file takes: as the file says, or as given where it does not.
 */
function knownSigma(config: ModelConfig | undefined, given: number | undefined, source: string) {
  if (!config) {
    if (given !== undefined) return given;
    throw new UserError(`${source}: does not say its noise level; give it with --sigma`);
  }
  const { inputSigma, stacked } = inputOf(config);
  if (levelsOf(config)) return given ?? inputSigma;
  const own = inputSigma / Math.sqrt(stacked);
  if (given !== undefined && Math.abs(own - given) > LEVEL_SLACK * own) {
    throw new UserError(
      `${source}: was trained at effective noise ${own}, not ${given}; leave --sigma out`,
      { code: 'level', facts: { sigma: given, trained: own } },
    );
  }
  return inputSigma;
}

/**
 * Reads the configuration that a file whose input is of `shape` holds as metadata; none in files
 * from elsewhere.
 */
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
