import { type DenoiserFile, type OpenOptions, openDenoiser } from './denoiser-file.ts';

/**
 * Gives a model the rough estimates of another file of it, such as one in 8 bits: walks take their
 * scores from that, jumps from the model. The two are released together; `releaseRough` releases
 * the other alone.
 *
 * @param rough bytes of the other file, opened with the same `options`.
 */
export async function withRough(
  model: DenoiserFile,
  rough: Uint8Array,
  source: string,
  options: OpenOptions = {},
): Promise<DenoiserFile & { releaseRough(): Promise<void> }> {
  const none = { ...model, releaseRough: async () => {} };
  if (model.rate !== undefined) return none;
  const other = await openDenoiser(rough, source, options);
  if (other.rate !== undefined) return none;
  const at: typeof model.at = (...level) => ({
    ...model.at(...level),
    rough: other.at(...level).denoise,
  });
  const release = async () => {
    await model.release();
    await other.release();
  };
  return { ...model, at, rough: other.denoise, release, releaseRough: other.release };
}
