import { UserError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { cifar10Classes } from './cifar10-batch.ts';

/** One file of a named set, and how to know that it is the right one. */
export interface SetFile {
  readonly name: string;
  /** Where it is downloaded from; absent for files that are shipped with mdensity. */
  readonly url?: string;
  readonly bytes: number;
  readonly sha256: string;
  /** As its publisher gives it, where it does. */
  readonly md5?: string;
  /** SHA-256 of the unpacked contents: knows a copy again that was compressed anew. */
  readonly contentSha256?: string;
}

/**
 * One part of a named set: how many examples, and which files (or members of the archive) hold
 * them.
 */
export interface SetPart {
  readonly count: number;
  readonly files: readonly string[];
}

/** A set of data known by name. */
export interface NamedSet {
  readonly name: string;
  readonly title: string;
  readonly authors: string;
  readonly licence: string;
  /** Page or address the set is published at. */
  readonly source: string;
  /** Shape of one example, `[channels, height, width]`. */
  readonly shape: readonly number[];
  /** Examples over all parts. */
  readonly count: number;
  readonly classes: readonly string[];
  readonly files: readonly SetFile[];
  /**
   * `idx`: a file of images and one of labels; `npz8`: the 8×8 digits; `cifar10`: the binary
   * archive.
   */
  readonly layout: 'idx' | 'npz8' | 'cifar10';
  readonly parts: { readonly train: SetPart; readonly test?: SetPart };
  /** Shipped with mdensity, under `assets/data/`. */
  readonly embedded?: true;
  /** Folder in which an operating system's package puts the files. */
  readonly systemFolder?: string;
}

const digits = Array.from({ length: 10 }, (_, i) => `${i}`);
const idxNames = {
  train: ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz'],
  test: ['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'],
} as const;

type FileRow = readonly [bytes: number, md5: string, sha256: string, contentSha256: string];

/** The four files of MNIST's layout, in the order of `idxNames`. */
function idxFiles(base: string, rows: readonly FileRow[]): SetFile[] {
  return [...idxNames.train, ...idxNames.test].map((name, i) => {
    const [bytes, md5, sha256, contentSha256] = rows[i] as FileRow;
    return { name, url: base + name, bytes, md5, sha256, contentSha256 };
  });
}

// Where the checksums come from. Sizes and MD5 are the publishers' own. SHA-256 was computed from
// the files by us for MNIST's t10k files, the digits, and the contents of all four Fashion-MNIST
// files. For the rest (MNIST's train files, Fashion-MNIST's compressed files, CIFAR-10) we took the
// values that several independent projects record beside the same MD5. A download must pass both.
const mnistFiles = idxFiles('https://ossci-datasets.s3.amazonaws.com/mnist/', [
  [
    9912422,
    'f68b3c2dcbeaaa9fbdd348bbdeb94873',
    '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
    'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  ],
  [
    28881,
    'd53e105ee54ea40749a09fcbcd1e9432',
    '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
    '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  ],
  [
    1648877,
    '9fb629c4189551a2d022fa330f9573f3',
    '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
    '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  ],
  [
    4542,
    'ec29112dd5afa0611ce80d1b7f02629c',
    'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
    'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
  ],
]);

const fashionFiles = idxFiles('http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/', [
  [
    26421880,
    '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
    '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
    'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
  ],
  [
    29515,
    '25c81989df183df01b3e8a0aad5dffbe',
    'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
    'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
  ],
  [
    4422102,
    'bef4ecab320f06d8554ea6380940ec79',
    '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
    '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
  ],
  [
    5148,
    'bb300cfdad3c16e7a12a480ee83cd310',
    '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
    '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
  ],
]);

const mnistOrigin = {
  authors: 'Yann LeCun, Corinna Cortes, Christopher J. C. Burges',
  licence: 'CC BY-SA 3.0',
  source: 'https://ossci-datasets.s3.amazonaws.com/mnist/',
  shape: [1, 28, 28],
  classes: digits,
  layout: 'idx',
} as const;

const mnist: NamedSet = {
  name: 'mnist',
  title: 'MNIST handwritten digits, the 10,000 of the published test part',
  ...mnistOrigin,
  count: 10_000,
  files: mnistFiles.slice(2),
  parts: { train: { count: 10_000, files: idxNames.test } },
  embedded: true,
};

const digits8: NamedSet = {
  name: 'digits8',
  title: 'Optical Recognition of Handwritten Digits, test part',
  authors: 'E. Alpaydin, C. Kaynak (UCI Machine Learning Repository)',
  licence: 'CC BY 4.0',
  source: 'https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits',
  shape: [1, 8, 8],
  count: 1797,
  classes: digits,
  files: [
    {
      name: 'uci-digits-test.npz',
      bytes: 45_394,
      sha256: '493dddf91ce83e65a8625a4a8792d64f814d196b6da34231985d8346a5347c94',
    },
  ],
  layout: 'npz8',
  parts: { train: { count: 1797, files: ['uci-digits-test.npz'] } },
  embedded: true,
};

const mnistFull: NamedSet = {
  name: 'mnist-full',
  title: 'MNIST handwritten digits',
  ...mnistOrigin,
  count: 70_000,
  files: mnistFiles,
  parts: {
    train: { count: 60_000, files: idxNames.train },
    test: { count: 10_000, files: idxNames.test },
  },
};

const fashionMnist: NamedSet = {
  name: 'fashion-mnist',
  title: 'Fashion-MNIST, articles of clothing',
  authors: 'Han Xiao, Kashif Rasul, Roland Vollgraf (Zalando SE)',
  licence: 'MIT',
  source: 'https://github.com/zalandoresearch/fashion-mnist',
  shape: [1, 28, 28],
  count: 70_000,
  classes: [
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ],
  files: fashionFiles,
  layout: 'idx',
  parts: {
    train: { count: 60_000, files: idxNames.train },
    test: { count: 10_000, files: idxNames.test },
  },
  // Debian's package dataset-fashion-mnist.
  systemFolder: '/usr/share/datasets/fashion-mnist',
};

const cifar10: NamedSet = {
  name: 'cifar10',
  title: 'CIFAR-10, small colour photographs',
  authors: 'Alex Krizhevsky, Vinod Nair, Geoffrey Hinton',
  licence: 'none stated; cite A. Krizhevsky, Learning Multiple Layers of Features (2009)',
  source: 'https://www.cs.toronto.edu/~kriz/cifar.html',
  shape: [3, 32, 32],
  count: 60_000,
  classes: cifar10Classes,
  files: [
    {
      name: 'cifar-10-binary.tar.gz',
      url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
      bytes: 170_052_171,
      md5: 'c32a1d4ab5d03f1284b67883e8d87530',
      sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
    },
  ],
  layout: 'cifar10',
  parts: {
    train: { count: 50_000, files: ['cifar-10-binary.tar.gz'] },
    test: { count: 10_000, files: ['cifar-10-binary.tar.gz'] },
  },
};

/** Every named set, those shipped with mdensity first. */
export const namedSets: readonly NamedSet[] = [mnist, digits8, mnistFull, fashionMnist, cifar10];

/** Finds the set of that name, or `undefined`. */
export function findNamedSet(name: string): NamedSet | undefined {
  return namedSets.find((set) => set.name === name);
}

/**
 * Finds the set of that name.
 *
 * @throws UserError, with the nearest name, where there is none.
 */
export function namedSet(name: string): NamedSet {
  const set = findNamedSet(name);
  if (set !== undefined) return set;
  const names = namedSets.map((known) => known.name);
  throw new UserError(
    `"${name}" is not a named data set.${didYouMean(name, names)} Known: ${names.join(', ')}.`,
  );
}
