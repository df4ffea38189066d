import type { Denoiser } from '../density/index.ts';
import { UserError } from '../errors.ts';
import {
  constant,
  type Device,
  exportOnnx,
  openOnnx,
  sizeOf,
  type Tensor,
} from '../graph/index.ts';
import { bindParameters } from '../nn/index.ts';
import { createModel, type ModelConfig } from './model.ts';

/** A denoiser read from an ONNX file. */
export interface DenoiserFile extends Denoiser {
  /** What the file says of itself; absent in files from elsewhere. */
  readonly config: ModelConfig | undefined;
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
  const config = file.metadata.mdensity
    ? (JSON.parse(file.metadata.mdensity) as ModelConfig)
    : undefined;
  const own = config && config.sigma / Math.sqrt(config.measurements);
  const effective = own ?? sigma;
  if (effective === undefined) {
    await file.release();
    throw new UserError(`${source}: does not say its noise level; give it with --sigma`);
  }
  if (own !== undefined && sigma !== undefined && Math.abs(own - sigma) > 1e-6 * own) {
    await file.release();
    throw new UserError(
      `${source}: was trained at effective noise ${own}, not ${sigma}; leave --sigma out`,
    );
  }
  return {
    shape: file.shape,
    sigma: effective,
    config,
    denoise: file.run,
    release: file.release,
  };
}
