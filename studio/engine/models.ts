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
import type { Walkable } from './walk-session.ts';

export interface HeldModel {
  readonly facts: Omit<ModelFacts, 'id'>;
  readonly model: Walkable;
  release(): Promise<void>;
}

interface OpenOptions {
  readonly device: Wish;
  readonly sigma?: number;
}

type GaussianFile = Extract<DenoiserFile, { readonly rate?: undefined }>;

/** Opens a model. @throws UserError as `openDenoiser`. */
export async function holdModel(
  bytes: Uint8Array,
  name: string,
  options: OpenOptions,
  onDevice: DeviceListener,
): Promise<HeldModel> {
  const { sigma } = options;
  const open = async (device: DeviceReport['device']): Promise<GaussianFile> => {
    const opened = await openDenoiser(bytes, name, {
      device,
      ...(sigma !== undefined && { sigma }),
    });
    if (opened.rate === undefined) return opened;
    await opened.release();
    throw new UserError(
      `${name}: is of counts, and the page walks models of Gaussian noise; use mdensity sample`,
    );
  };
  if (bytes.length > LARGEST_MODEL) {
    const [size, most] = [bytes.length, LARGEST_MODEL].map((n) => `${(n / 1e9).toFixed(1)} GB`);
    throw new UserError(
      `${name}: ${size} are too large for a page, which can take ${most}; use the command line`,
    );
  }
  let report = await chooseDevice(options.device);
  let file: GaussianFile;
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
  const at: Walkable['at'] = (...told) => {
    const { logDensity, ...rest } = file.at(...told);
    return {
      ...rest,
      denoise: (z, out) => withFallback(() => file.at(...told).denoise(z, out)),
      ...(logDensity && {
        logDensity: (z, out) => withFallback(() => file.at(...told).logDensity!(z, out)),
      }),
    };
  };
  const { shape, sigma: own, config, stacked = 1 } = file;
  const said = { ...toldOf(config), shape, sigma: own, stacked };
  return {
    facts: {
      ...said,
      config,
      device: report,
      hasEnergy: file.logDensity !== undefined,
    },
    model: { ...said, at },
    release: () => file.release(),
  };
}
