import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { packagePath } from '../package-folder.ts';

/** Reads the versions that a run records: they decide whether its bits can be had again. */
export function versions(): Record<string, string> {
  return {
    mdensity: packageVersion(),
    node: process.versions.node,
    ...runtimeVersion(),
    platform: `${process.platform}-${process.arch}`,
  };
}

/** Reads the version of the runtime; none where npm left it out. */
function runtimeVersion(): Record<string, string> {
  try {
    const require = createRequire(import.meta.url);
    const { version } = require('onnxruntime-node/package.json') as { version: string };
    return { 'onnxruntime-node': version };
  } catch {
    return {};
  }
}

/** Reads the version of this package. */
export function packageVersion(): string {
  const text = readFileSync(packagePath('package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
