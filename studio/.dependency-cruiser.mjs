// What a page loads, resolved as a browser's build does it.
import { builtinModules } from 'node:module';
import library from '../.dependency-cruiser.mjs';

/** Packages that need Node. */
const nodeOnly = ['env-paths', 'happy-dom', 'onnxruntime-node', 'sharp', 'sirv', 'workerpool'];

const builtins = builtinModules.join('|').replaceAll('/', '[/]');

/** Files that may end in the page: all but the build's and the tests' own. */
const page = {
  path: '^studio/',
  pathNot: ['^studio/(vite[^/]*[.]ts|[.][^/]*)$', '[.]test[.]ts$', '^studio/testing/(?!harness)'],
};

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    library.forbidden.find(({ name }) => name === 'no-circular'),
    {
      name: 'studio-runs-in-browsers',
      comment: 'Nothing that a page loads may need Node, however far down it is imported.',
      severity: 'error',
      from: page,
      to: {
        reachable: true,
        path: [`^(node:)?(${builtins})$`, `(^|/)node_modules/(${nodeOnly.join('|')})/`],
      },
    },
    {
      name: 'not-to-unresolvable',
      comment: 'What is not found is not followed either.',
      severity: 'error',
      from: { ...page, path: '^(src|studio)/' },
      to: { couldNotResolve: true, path: '^[.#]', pathNot: '[?]' },
    },
  ],
  options: {
    ...library.options,
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.svelte'],
      conditionNames: ['browser', 'svelte', 'import', 'default'],
      mainFields: ['browser', 'module', 'main', 'types'],
    },
  },
};
