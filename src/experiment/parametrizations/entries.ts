/** What is compared: a parametrization with a network of about the same size as the others'. */
import { UserError } from '../../errors.ts';
import type { ParametrizationName } from '../../model/index.ts';
import { didYouMean } from '../../nearest.ts';
import { findPreset, type NetworkConfig } from '../../nn/index.ts';

/** A row of the comparison. */
export interface Entry {
  /** Its name in tables, files and `--parametrizations`. */
  readonly name: string;
  readonly parametrization: ParametrizationName;
  readonly network: NetworkConfig;
}

/** Networks for images of one size, of about as many parameters each. */
interface Networks {
  readonly estimator: NetworkConfig;
  readonly energy: NetworkConfig;
  readonly autoencoder: NetworkConfig;
}

/** What each row is made of. To add one is to add a line here. */
const kinds: Readonly<Record<string, readonly [ParametrizationName, keyof Networks]>> = {
  gps: ['gps', 'estimator'],
  'gps-energy': ['gps-energy', 'energy'],
  'gps-energy-quadratic': ['gps-energy', 'estimator'],
  mem: ['mem', 'energy'],
  'mem-quadratic': ['mem-quadratic', 'estimator'],
  mdae: ['mdae', 'estimator'],
  muvb: ['muvb', 'autoencoder'],
  poisson: ['poisson', 'estimator'],
};

/** Names of all rows, in the order in which they are shown. */
export const entryNames = Object.keys(kinds);

/** By the side of the image: with four measurements 0.04 M and 0.34 M to 0.36 M parameters. */
const networks: Readonly<Record<number, Networks>> = {
  8: {
    estimator: findPreset('digits8').config,
    energy: { type: 'conv-energy', patch: 1, channels: [16, 32], numResBlocks: 1, groups: 8 },
    autoencoder: { type: 'conv-autoencoder', patch: 1, channels: [16, 16], latent: 16, groups: 8 },
  },
  28: {
    estimator: findPreset('digits').config,
    energy: { type: 'conv-energy', patch: 2, channels: [32, 80], numResBlocks: 2, groups: 8 },
    autoencoder: { type: 'conv-autoencoder', patch: 2, channels: [40, 40], latent: 32, groups: 8 },
  },
};

/**
 * Lists the rows of these names, for images of a shape.
 * @throws UserError for a name that is not known, or images of another size than there are networks
 * for.
 */
export function entriesOf(
  names: readonly string[],
  { name: set, shape }: { readonly name: string; readonly shape: readonly number[] },
): Entry[] {
  for (const name of names) {
    if (Object.hasOwn(kinds, name)) continue;
    throw new UserError(
      `parametrizations ${name}: is not known.${didYouMean(name, entryNames)} There are: ${entryNames.join(', ')}`,
      { code: 'not-found', facts: { option: 'parametrizations', value: name, known: entryNames } },
    );
  }
  const [, height, side] = shape;
  const own = shape.length === 3 && height === side ? networks[side!] : undefined;
  if (own === undefined) {
    const sizes = Object.keys(networks).map((size) => `${size}×${size}`);
    throw new UserError(
      `data ${set}: has examples [${shape.join(', ')}]; there are networks to compare on images of ${sizes.join(' and ')}, such as mnist`,
      { code: 'unsupported', facts: { option: 'data', value: set, shape } },
    );
  }
  return entryNames
    .filter((name) => names.includes(name))
    .map((name) => {
      const [parametrization, kind] = kinds[name]!;
      return { name, parametrization, network: own[kind] };
    });
}
