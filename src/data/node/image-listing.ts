/** Which files of a folder are its images, and which class each is of. */
import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { UserError } from '../../errors.ts';
import { readError } from '../../files.ts';
import { listed } from '../../quoted.ts';
import type { Split } from '../examples.ts';
import { missingPart, partNamed, refusePartOfOne } from '../parts.ts';

export interface ImageFile {
  readonly path: string;
  readonly label?: number;
}

export interface ImageListing {
  readonly files: readonly ImageFile[];
  readonly classes?: readonly string[];
  /** Part that was chosen, where the folder has parts. */
  readonly part?: Split;
  /** What was passed over, in words. */
  readonly passedOver: readonly string[];
  readonly notes: readonly string[];
}

const imageName = /\.(png|jpe?g|webp)$/i;

/**
 * Most folders, how deep, and how often one by several links, that are looked into: links can make
 * a few look like very many.
 */
const [FOLDERS, DEEPEST, REPEATS] = [100_000, 64, 100] as const;

/** What a walk over folders has seen. */
interface Search {
  folders: number;
  /** How often each folder was looked into, by its real path. */
  readonly visits: Map<string, number>;
  /** Files that are no images, counted by their ending. */
  readonly others: Map<string, number>;
  /** Links that lead nowhere or back to a folder they are in. */
  readonly links: string[];
}

interface Entries {
  readonly images: readonly string[];
  readonly folders: readonly string[];
}

/**
 * Lists the images of a folder; order is by name. Each subfolder that holds images, however deep,
 * is a class, unless all of them are parts by their names (`train`, `val`, `test` and the like):
 * then `split` chooses one, `train` by default. Links are followed; one that leads back to a folder
 * it is in is passed over.
 *
 * @throws UserError for a folder without images, a part that is not there, images both in class
 *   folders and beside them, and parts beside folders that are none.
 */
export async function listImages(path: string, split: Split | undefined): Promise<ImageListing> {
  const search: Search = { folders: 0, visits: new Map(), others: new Map(), links: [] };
  const top = await entriesOf(path, [], search);
  const full = await withImages(path, top.folders, search);
  const parts = [...full.keys()].flatMap((name) => partNamed(name) ?? []);
  const hasParts = full.size > 0 && parts.length === full.size && top.images.length === 0;
  if (!hasParts) {
    await refuseMixed(path, full, parts, split, search);
    refusePartOfOne(split, path);
    return { ...classesOf(path, top.images, full), ...passedOver(search) };
  }
  const wanted = split ?? 'train';
  const chosen = [...full.keys()].filter((name) => partNamed(name) === wanted);
  if (chosen.length === 0) throw missingPart(wanted, [...full.keys()], path);
  if (chosen.length > 1) {
    throw ambiguous(path, `has several folders for the ${wanted} split (${listed(chosen)})`, full);
  }
  const folder = join(path, chosen[0]!);
  const own: Search = { folders: 0, visits: new Map(), others: new Map(), links: [] };
  const inside = await entriesOf(folder, [await realpath(path)], own);
  const classes = await withImages(folder, inside.folders, own);
  const rest = [...full.keys()]
    .filter((name) => name !== chosen[0])
    .map((name) => `folder ${name}`);
  const seen = passedOver(own);
  return {
    ...classesOf(folder, inside.images, classes),
    part: wanted,
    ...seen,
    passedOver: [...rest, ...seen.passedOver],
  };
}

/**
 * Throws where folders are parts by their names beside others that are none, as classes may also be
 * called so.
 */
async function refuseMixed(
  path: string,
  full: ReadonlyMap<string, readonly string[]>,
  parts: readonly Split[],
  split: Split | undefined,
  search: Search,
): Promise<void> {
  if (parts.length === 0) return;
  const named = [...full.keys()].filter((name) => partNamed(name) !== undefined);
  // A class "train" beside "bus" and "car" holds images; a part holds the folders of classes.
  const nested = await Promise.all(
    named.map(async (name) => (await entriesOf(join(path, name), [], search)).images.length === 0),
  );
  if (new Set(parts).size === 1 && split === undefined && !nested.includes(true)) return;
  const how = `has folders that are parts by their names (${listed(named)}) beside other images`;
  throw ambiguous(path, how, full);
}

function ambiguous(
  path: string,
  how: string,
  full: ReadonlyMap<string, readonly string[]>,
): UserError {
  const folders = [...full.keys()];
  return new UserError(
    `${path}: ${how}; give the folder that is meant. It has ${listed(folders)}.`,
    { facts: { path, folders } },
  );
}

function passedOver({ others, links }: Search): Pick<ImageListing, 'passedOver' | 'notes'> {
  const kinds = [...others].sort(([a], [b]) => (a < b ? -1 : 1));
  const files = kinds.map(([ending, count]) => `${count} ${ending || 'without ending'}`);
  return {
    passedOver: files.map((kind) => `files: ${kind}`),
    notes: links.map((link) => `a link that leads nowhere or in a circle is passed over: ${link}`),
  };
}

/** The images under each folder, by its name; folders without any are left out. */
async function withImages(
  path: string,
  folders: readonly string[],
  search: Search,
): Promise<Map<string, string[]>> {
  const full = new Map<string, string[]>();
  const above = [await realpath(path)];
  for (const folder of folders) {
    const images = await imagesUnder(join(path, folder), above, search);
    if (images.length > 0) full.set(folder, images);
  }
  return full;
}

async function imagesUnder(
  path: string,
  above: readonly string[],
  search: Search,
): Promise<string[]> {
  const { images, folders } = await entriesOf(path, above, search);
  const within = [...above, await realpath(path)];
  const deeper: string[] = [];
  for (const folder of folders) {
    for (const image of await imagesUnder(join(path, folder), within, search)) deeper.push(image);
  }
  return [...images.map((name) => join(path, name)), ...deeper];
}

/** Images and folders of a folder, by name; `above` are the real paths of the folders it is in. */
async function entriesOf(path: string, above: readonly string[], search: Search): Promise<Entries> {
  const found = await orReadError(path, readdir(path, { withFileTypes: true }));
  const real = await realpath(path);
  const visits = 1 + (search.visits.get(real) ?? 0);
  search.visits.set(real, visits);
  search.folders++;
  if (search.folders > FOLDERS || above.length > DEEPEST || visits > REPEATS) {
    throw new UserError(
      `${path}: more than ${FOLDERS} folders, ${DEEPEST} of them nested, or ${REPEATS} links to one; give a folder with fewer, or mend its links.`,
      {
        code: 'unsupported',
        facts: { path, folders: search.folders, depth: above.length, visits },
      },
    );
  }
  const [images, folders]: [string[], string[]] = [[], []];
  const within = [...above, real];
  for (const entry of found.filter(({ name }) => !name.startsWith('.'))) {
    const kind = await kindOf(entry, path, within, search);
    if (kind === 'folder') folders.push(entry.name);
    else if (kind === 'file' && imageName.test(entry.name)) images.push(entry.name);
    else if (kind === 'file') {
      const ending = extname(entry.name).toLowerCase().slice(0, 20);
      search.others.set(ending, 1 + (search.others.get(ending) ?? 0));
    }
  }
  // Plain sort, by code unit: the order must not depend on the machine's language.
  return { images: images.sort(), folders: folders.sort() };
}

async function kindOf(
  entry: Dirent,
  path: string,
  within: readonly string[],
  search: Search,
): Promise<'file' | 'folder' | undefined> {
  if (!entry.isSymbolicLink()) return kindOfStats(entry);
  const full = join(path, entry.name);
  const target = await stat(full).catch(() => undefined);
  const real = target && (await realpath(full).catch(() => undefined));
  if (target && real !== undefined && !within.includes(real)) return kindOfStats(target);
  search.links.push(full);
  return undefined;
}

function kindOfStats(entry: Dirent | Stats): 'file' | 'folder' | undefined {
  if (entry.isDirectory()) return 'folder';
  return entry.isFile() ? 'file' : undefined;
}

async function orReadError<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw readError(error, path);
  }
}

function classesOf(
  path: string,
  images: readonly string[],
  full: ReadonlyMap<string, readonly string[]>,
): Pick<ImageListing, 'files' | 'classes'> {
  const classes = [...full.keys()];
  if (images.length === 0 && classes.length === 0) {
    throw new UserError(`${path}: holds no PNG, JPEG or WebP image; give a folder of images.`, {
      code: 'not-found',
      facts: { path },
    });
  }
  if (images.length > 0 && classes.length > 0) {
    throw new UserError(
      `${path}: has images both beside and inside class folders (${join(path, images[0]!)}); move them into a class folder.`,
      { facts: { path, folders: classes } },
    );
  }
  if (classes.length === 0) return { files: images.map((name) => ({ path: join(path, name) })) };
  const files = classes.flatMap((name, label) =>
    full.get(name)!.map((file) => ({ path: file, label })),
  );
  return { files, classes };
}
