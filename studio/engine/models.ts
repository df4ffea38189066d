/** Models that the worker holds. One on a GPU that is lost goes on, in the same call, on the processor. */
import type { Denoiser } from '../../src/density/index.ts';
import { UserError } from '../../src/errors.ts';
import { type DenoiserFile, openDenoiser } from '../../src/model/denoiser-file.ts';
import { afterLoss, chooseDevice, isDeviceError, lineOf, onProcessor } from './device.ts';
import type { DeviceListener, DeviceReport, ModelFacts, Wish } from './protocol.ts';

export interface HeldModel {
  readonly facts: Omit<ModelFacts, 'id'>;
  readonly denoiser: Denoiser;
  release(): Promise<void>;
}

interface OpenOptions {
  readonly device: Wish;
  readonly sigma?: number;
}

/** Bytes of the largest file: a page's engine has 4 GB for a model's weights, its copy and its images. */
const LARGEST = 1e9;

/** Opens a model. @throws UserError as `openDenoiser`. */
export async function holdModel(
  bytes: Uint8Array,
  name: string,
  options: OpenOptions,
  onDevice: DeviceListener,
): Promise<HeldModel> {
  const { sigma } = options;
  const open = (device: DeviceReport['device']) =>
    openDenoiser(bytes, name, { device, ...(sigma !== undefined && { sigma }) });
  if (bytes.length > LARGEST) {
    const [size, most] = [bytes.length, LARGEST].map((n) => `${(n / 1e9).toFixed(1)} GB`);
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
  const denoiser: Denoiser = {
    ...{ shape: file.shape, sigma: file.sigma, stacked: file.stacked ?? 1 },
    denoise: (z, out) => withFallback(() => file.denoise(z, out)),
    ...(file.logDensity && {
      logDensity: (z, out) => withFallback(() => file.logDensity!(z, out)),
    }),
  };
  const { shape, config, stacked = 1 } = file;
  return {
    facts: {
      ...{ shape, sigma: file.sigma, stacked, config, device: report },
      hasEnergy: file.logDensity !== undefined,
    },
    denoiser,
    release: () => file.release(),
  };
}
