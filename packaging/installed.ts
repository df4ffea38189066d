import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
const root = fileURLToPath(new URL('..', import.meta.url));

/** A project that has the packed package installed, as npm would do it from a registry. */
export interface InstalledPackage {
  readonly folder: string;
  /** Paths of the files that were packed. */
  readonly files: readonly string[];
  readonly tarball: string;
  /** Bytes of the tarball. */
  readonly size: number;
  /** Names of the packages that came with it. */
  readonly dependencies: readonly string[];
  write(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

/**
 * Packs what was built and unpacks it in a project of its own, beside links to those packages that npm
 * would install with it: without those that are optional or for development alone.
 *
 * @param extra Packages that the project installs itself, such as an optional peer.
 */
export async function installPackage(extra: readonly string[] = []): Promise<InstalledPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'mdensity-installed-'));
  const report = execFileSync(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', folder],
    { cwd: root, encoding: 'utf8', maxBuffer: 1e8, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [packed] = Object.values(JSON.parse(report)) as [Packed];
  const tarball = join(folder, packed.filename);
  const place = join(folder, 'node_modules', 'mdensity');
  await mkdir(place, { recursive: true });
  execFileSync('tar', ['xzf', tarball, '-C', place, '--strip-components', '1']);
  const dependencies = await productionPackages();
  for (const name of [...dependencies, ...extra]) await link(folder, name);
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  await write('package.json', JSON.stringify({ name: 'user', private: true, type: 'module' }));
  return {
    folder,
    files: packed.files.map(({ path }) => path),
    tarball,
    size: packed.size,
    dependencies,
    write,
    remove: () => rm(folder, { recursive: true }),
  };
}

/** What `npm pack --json` says of a package. */
interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** Names of the packages that come with this one, by the lock file. */
async function productionPackages(): Promise<string[]> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lock;
  return Object.entries(lock.packages).flatMap(([path, { dev, optional, devOptional, peer }]) => {
    const nested = path.split('node_modules/').length !== 2;
    return nested || dev || optional || devOptional || peer
      ? []
      : [path.slice('node_modules/'.length)];
  });
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { dev?: true; optional?: true; devOptional?: true; peer?: true }>
  >;
}

async function link(folder: string, name: string): Promise<void> {
  const place = join(folder, 'node_modules', name);
  await mkdir(dirname(place), { recursive: true });
  await symlink(join(root, 'node_modules', name), place);
}

/** Names of the subpaths that a program imports, of the package's manifest; not of its files. */
export async function subpaths(): Promise<string[]> {
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  return Object.keys(exports)
    .filter((name) => !/\.(json|onnx)$/.test(name))
    .map((name) => `mdensity${name.slice(1)}`);
}
