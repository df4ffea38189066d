import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { packagePath } from '../package-folder.ts';

/** Versions that a run records: they decide whether its bits can be had again. */
export function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const runtime = require('onnxruntime-node/package.json') as { version: string };
  return {
    mdensity: packageVersion(),
    node: process.versions.node,
    'onnxruntime-node': runtime.version,
    platform: `${process.platform}-${process.arch}`,
  };
}

export function packageVersion(): string {
  const text = readFileSync(packagePath('package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
