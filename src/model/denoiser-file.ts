import { type Denoiser, effectiveNoise } from '../density/index.ts';
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
import { createModel, type ModelConfig, modelConfigSchema } from './model.ts';

/** What an ONNX file of a denoiser says of itself. */
export interface DenoiserFileInfo {
  /** Shape of one example. */
  readonly shape: Shape;
  /** Absent in files from elsewhere. */
  readonly config: ModelConfig | undefined;
}

/** A denoiser read from an ONNX file. */
export interface DenoiserFile extends Denoiser, DenoiserFileInfo {
  release(): Promise<void>;
}

/**
 * ν_θ as an ONNX file of standard operators: input `ybar`, output `xhat`, both [batch, ...shape]
 * with a dynamic batch, and the model's configuration as metadata `mdensity`.
 * @param parameters flat vector [P] in the order of the model's `specs`.
 */
export function exportDenoiser(config: ModelConfig, parameters: Float32Array): Uint8Array {
  const { denoiser, specs } = createModel(config);
  const weights: Record<string, Tensor> = {};
  let start = 0;
  for (const { name, shape } of specs) {
    const end = start + sizeOf(shape);
    weights[name] = constant(parameters.subarray(start, end), shape);
    start = end;
  }
  return exportOnnx({
    build: (z) => denoiser(bindParameters(weights), z),
    shape: config.shape,
    inputName: 'ybar',
    outputName: 'xhat',
    metadata: { mdensity: JSON.stringify(config) },
  });
}

export interface OpenOptions {
  readonly device?: Device;
  /** Effective noise σ̃, for a file that does not say it. */
  readonly sigma?: number;
}

/**
 * Opens a denoiser. `source` names it in errors.
 * @throws UserError if σ̃ is neither in the file nor given, or given and another.
 */
export async function openDenoiser(
  bytes: Uint8Array,
  source: string,
  { sigma, device = 'cpu' }: OpenOptions = {},
): Promise<DenoiserFile> {
  const file = await openOnnx(bytes, source, { device });
  try {
    const config = readConfig(file, source);
    const { shape, run: denoise, release } = file;
    return { shape, config, sigma: noiseOf(config, sigma, source), denoise, release };
  } catch (error) {
    await file.release();
    throw error;
  }
}

/** What the file says, without the need of a noise level. `source` names it in errors. */
export async function describeDenoiser(
  bytes: Uint8Array,
  source: string,
): Promise<DenoiserFileInfo> {
  const file = await openOnnx(bytes, source, { device: 'cpu' });
  try {
    return { shape: file.shape, config: readConfig(file, source) };
  } finally {
    await file.release();
  }
}

function noiseOf(config: ModelConfig | undefined, given: number | undefined, source: string) {
  const own = config && effectiveNoise(config.sigma, config.measurements);
  const sigma = own ?? given;
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

function readConfig({ metadata, shape }: OnnxFile, source: string): ModelConfig | undefined {
  if (metadata.mdensity === undefined) return undefined;
  let config: ModelConfig;
  try {
    config = modelConfigSchema.parse(JSON.parse(metadata.mdensity));
  } catch (cause) {
    throw new UserError(`${source}: its metadata "mdensity" is damaged; export the model again`, {
      cause,
    });
  }
  if (config.shape.join() === shape.join()) return config;
  throw new UserError(
    `${source}: its metadata "mdensity" says examples of [${config.shape.join(', ')}], its input takes [${shape.join(', ')}]; export the model again`,
  );
}
