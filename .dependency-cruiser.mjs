import { builtinModules } from 'node:module';

// Imports run one way: a folder may use those named before it, never those after.
const order = ['density', 'graph', 'nn', 'model', 'train', 'sample', 'evaluate', 'data', 'cli'];

// What no browser has.
const nodeOnly = ['onnxruntime-node', 'sharp', 'workerpool', 'write-file-atomic', 'env-paths'];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      // Gradient rules refer to each other: the gradient of a sum expands, that of expand sums.
      name: 'no-circular',
      severity: 'error',
      from: { pathNot: '^src/graph/ops/' },
      to: { circular: true },
    },
    ...order.slice(0, -1).map((name, i) => ({
      name: `${name}-looks-back-only`,
      severity: 'error',
      from: { path: `^src/${name}/` },
      to: { path: `^src/(${order.slice(i + 1).join('|')})/` },
    })),
    {
      name: 'shared-files-use-no-folder',
      severity: 'error',
      from: { path: '^src/[^/]+$' },
      to: { path: '^src/[^/]+/' },
    },
    {
      name: 'library-knows-no-studio',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^studio/' },
    },
    {
      name: 'studio-runs-in-browsers',
      comment: 'Nothing that a page loads may need Node, however far down it is imported.',
      severity: 'error',
      from: {
        path: '^studio/',
        pathNot: ['^studio/vite[^/]*[.]ts$', '[.]test[.]ts$', '^studio/testing/'],
      },
      to: {
        reachable: true,
        path: [
          `^(node:)?(${builtinModules.join('|')})$`,
          `(^|/)node_modules/(${nodeOnly.join('|')})/`,
        ],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^studio/public/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js', '.svelte'] },
  },
};
