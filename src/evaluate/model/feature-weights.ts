import { readBytes } from '../../files.ts';
import { packagePath } from '../../package-folder.ts';
import type { EmbeddedFeatureName } from '../features/embedded.ts';

/**
 * Reads the weights of a feature network in the package.
 * @throws UserError where it cannot.
 */
export function readFeatureWeights(name: EmbeddedFeatureName): Promise<Uint8Array> {
  return readBytes(packagePath('assets', 'features', `${name}.safetensors`));
}
