/** Published settings as option files of the package: what `--config` takes by name. */
import { existsSync, readdirSync } from 'node:fs';
import { assetPath } from '../data/node/index.ts';
import { UserError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';

const ENDING = '.yaml';

/** Names of the presets: each is a file of options for `mdensity train`, with its source. */
export const presetNames = () =>
  readdirSync(assetPath('presets'))
    .filter((name) => name.endsWith(ENDING))
    .map((name) => name.slice(0, -ENDING.length))
    .sort();

/**
 * Finds the file that `--config` means: a path, or the name of a preset. What is yours comes first.
 * @throws UserError for a name without an ending that is neither.
 */
export function findConfig(given: string): string {
  if (existsSync(given) || given.includes('.') || given.includes('/')) return given;
  const names = presetNames();
  if (names.includes(given)) return assetPath('presets', `${given}${ENDING}`);
  throw new UserError(
    `--config ${given}: is neither a file nor a preset.${didYouMean(given, names)} Presets: ${names.join(', ')}`,
  );
}
