/** Scripts of the package that run as processes of their own. */
import { packagePath } from './package-folder.ts';

/** What starts one. */
export interface ChildScript {
  readonly path: string;
  /** Options of Node: from the sources, with the loader of TypeScript. */
  readonly execArgv: readonly string[];
}

/** Finds a script by its path under `src/`, without its ending: as a source, or as it was built. */
export function childScript(...parts: readonly string[]): ChildScript {
  const isSource = import.meta.url.endsWith('.ts');
  const name = `${parts.at(-1)}.${isSource ? 'ts' : 'mjs'}`;
  return {
    path: packagePath(isSource ? 'src' : 'dist', ...parts.slice(0, -1), name),
    execArgv: isSource ? withLoader(process.execArgv) : process.execArgv,
  };
}

const withLoader = (options: readonly string[]) =>
  options.includes('tsx') ? [...options] : [...options, '--import', 'tsx'];
