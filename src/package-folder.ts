import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let root: string | undefined;

/** Gives the absolute path of a file or folder of the package: data, models, its manifest. */
export function packagePath(...parts: readonly string[]): string {
  root ??= findRoot();
  return join(root, ...parts);
}

/**
 * The package's own folder: the same walk works from `src/`, from `dist/` and from `node_modules`.
 */
function findRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'mdensity') {
      return folder;
    }
    if (folder === dirname(folder)) throw new Error('The mdensity package folder was not found.');
  }
}
