/**
 * Models that the worker holds. One on a GPU that is lost goes on, in the same call, on the
 * processor.
 */
import { UserError } from '../../src/errors.ts';
import { type DenoiserFile, openDenoiser } from '../../src/model/denoiser-file.ts';
import { afterLoss, chooseDevice, isDeviceError, lineOf, onProcessor } from './device.ts';
import { LARGEST_MODEL } from './limits.ts';
import type { DeviceListener, DeviceReport, ModelFacts, Wish } from './protocol.ts';
import { toldOf } from './told.ts';
import type { GaussianModel, Walkable } from './walk-session.ts';

export interface HeldModel {
  readonly facts: Omit<ModelFacts, 'id'>;
  readonly model: Walkable;
  release(): Promise<void>;
}

interface OpenOptions {
  readonly device: Wish;
  readonly sigma?: number;
}

/** Opens a model. @throws UserError as `openDenoiser`. */
export async function holdModel(
  bytes: Uint8Array,
  name: string,
  options: OpenOptions,
  onDevice: DeviceListener,
): Promise<HeldModel> {
  const { sigma } = options;
  const open = async (device: DeviceReport['device']): Promise<DenoiserFile> =>
    openDenoiser(bytes, name, {
      device,
      ...(sigma !== undefined && { sigma }),
    });
  if (bytes.length > LARGEST_MODEL) {
    const [size, most] = [bytes.length, LARGEST_MODEL].map((n) => `${(n / 1e9).toFixed(1)} GB`);
    throw new UserError(
      `${name}: ${size} are too large for a page, which can take ${most}; use the command line`,
    );
  }
  let report = await chooseDevice(options.device);
  let file: DenoiserFile;
  try {
    file = await open(report.device);
  } catch (error) {
    if (!isDeviceError(report.device, error)) throw error;
    report = onProcessor(`the graphics processor cannot take this model: ${lineOf(error)}`);
    file = await open(report.device);
  }
  const fallBack = async (error: unknown) => {
    if (!isDeviceError(report.device, error)) throw error;
    report = afterLoss(error);
    // What is lost may not be released any more.
    await file.release().catch(() => undefined);
    file = await open('cpu');
    onDevice(report);
  };
  /** Makes a call again, from its start, on the device that takes over. */
  const withFallback = async (call: () => Promise<void>) => {
    try {
      await call();
    } catch (error) {
      await fallBack(error);
      await call();
    }
  };
  /** The same at every level and under every class: the device may change between two calls. */
  const at: GaussianModel['at'] = (...told) => {
    const now = () => gaussian(file).at(...told);
    const { logDensity, ...rest } = now();
    return {
      ...rest,
      denoise: (z, out) => withFallback(() => now().denoise(z, out)),
      ...(logDensity && { logDensity: (z, out) => withFallback(() => now().logDensity!(z, out)) }),
    };
  };
  const { shape, sigma: own = 0, config, stacked = 1 } = file;
  const { counts, ...told } = toldOf(config);
  const said = { ...told, shape, sigma: own, stacked };
  const model: Walkable = counts
    ? { ...said, counts, denoise: (s, out) => withFallback(() => file.denoise(s, out)) }
    : { ...said, at };
  return {
    facts: {
      ...said,
      ...(counts && { counts }),
      config,
      device: report,
      hasEnergy: file.rate === undefined && file.logDensity !== undefined,
    },
    model,
    release: () => file.release(),
  };
}

/** The bytes are of Gaussian noise whatever device they are opened on. */
const gaussian = (file: DenoiserFile) =>
  file as Extract<DenoiserFile, { readonly rate?: undefined }>;
