import { packagePath } from '../../package-folder.ts';

/** Gives the absolute path of a file or folder under the package's `assets/`. */
export const assetPath = (...parts: readonly string[]) => packagePath('assets', ...parts);
