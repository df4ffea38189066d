import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import type { NamedSet } from '../registry.ts';
import { assetPath } from './assets.ts';

/** Where a named set's files were found. */
export interface SetLocation {
  /**
   * `embedded`: shipped with mdensity; `cache`: downloaded; `system`: put there by the operating
   * system.
   */
  readonly kind: 'embedded' | 'cache' | 'system';
  readonly folder: string;
}

/**
 * Names the folder that downloads are kept in: `$MDENSITY_DATA`, or else the platform's place for
 * caches (`~/.cache/mdensity` on Linux, `~/Library/Caches/mdensity` on macOS,
 * `%LOCALAPPDATA%\mdensity\Cache`).
 */
export function cacheFolder(): string {
  const chosen = process.env.MDENSITY_DATA;
  return chosen ? resolve(chosen) : envPaths('mdensity', { suffix: '' }).cache;
}

/** Names the folder that a set's downloads are kept in; it need not exist. */
export function setCacheFolder(set: NamedSet): string {
  return join(cacheFolder(), set.name);
}

async function fileSize(path: string): Promise<number> {
  return stat(path).then(
    (info) => (info.isFile() ? info.size : -1),
    () => -1,
  );
}

/**
 * Finds all of a set's files; `undefined` where one is missing. Only presence and, for downloads,
 * size are looked at.
 */
export async function locateSet(set: NamedSet): Promise<SetLocation | undefined> {
  if (set.embedded) return { kind: 'embedded', folder: assetPath('data', set.name) };
  const cache = setCacheFolder(set);
  const sizes = await Promise.all(set.files.map(({ name }) => fileSize(join(cache, name))));
  if (set.files.every(({ bytes }, i) => sizes[i] === bytes))
    return { kind: 'cache', folder: cache };
  const { systemFolder } = set;
  if (systemFolder === undefined) return undefined;
  // A system's package may hold the same contents compressed anew: any size will do.
  const found = await Promise.all(set.files.map(({ name }) => fileSize(join(systemFolder, name))));
  return found.every((size) => size > 0) ? { kind: 'system', folder: systemFolder } : undefined;
}
