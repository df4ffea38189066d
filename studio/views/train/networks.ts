/**
 * What can be learned here, and with which networks. Kept apart from the library's table, which
 * brings its engine.
 */

/** Data: a density of the plane, or one of the sets of digits that come with the package. */
export const dataNames = ['plane', 'digits8', 'mnist'] as const;
export type DataName = (typeof dataNames)[number];

export interface NetworkChoice {
  readonly data: DataName;
  /** Numbers that are learned. */
  readonly parameters: number;
  readonly parametrization: 'gps' | 'gps-energy';
  /** What it is, in a few words. */
  readonly title: string;
}

/** Presets of the library by name; the first of each data is its default. */
export const networks = {
  mlp: {
    data: 'plane',
    parameters: 33_666,
    parametrization: 'gps',
    title: '3 layers of 128 units',
  },
  'mlp-energy': {
    data: 'plane',
    parameters: 33_408,
    parametrization: 'gps-energy',
    title: 'an energy, 2 layers of 128 units',
  },
  digits8: {
    data: 'digits8',
    parameters: 37_633,
    parametrization: 'gps',
    title: 'a U-Net of 16 and 32 channels',
  },
  digits: {
    data: 'mnist',
    parameters: 336_196,
    parametrization: 'gps',
    title: 'a U-Net of 32 and 64 channels',
  },
  'digits-l': {
    data: 'mnist',
    parameters: 753_124,
    parametrization: 'gps',
    title: 'a U-Net of 48 and 96 channels',
  },
} as const satisfies Readonly<Record<string, NetworkChoice>>;

export type NetworkName = keyof typeof networks;
export const networkNames = Object.keys(networks) as NetworkName[];

/** Names of the networks for some data. */
export const networksFor = (data: DataName): readonly NetworkName[] =>
  networkNames.filter((name) => networks[name].data === data);

/** The chosen network, or the data's default where a link pairs what does not go together. */
export function networkFor({
  data,
  network,
}: {
  readonly data: DataName;
  readonly network: NetworkName;
}): NetworkName {
  return networks[network].data === data ? network : networksFor(data)[0]!;
}

const shapes: Readonly<Record<DataName, readonly number[]>> = {
  plane: [2],
  digits8: [1, 8, 8],
  mnist: [1, 28, 28],
};

/** Shape of one example. */
export const shapeOf = (data: DataName): readonly number[] => shapes[data];

/** The data whose examples have a shape; undefined where there are none here. */
export const dataOfShape = (shape: readonly number[]): DataName | undefined =>
  dataNames.find((data) => shapes[data].join() === shape.join());
