// Imports run one way: a folder may use those named before it, never those after.
const order = ['density', 'graph', 'nn', 'model', 'train', 'sample', 'evaluate', 'data', 'cli'];

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
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js'] },
  },
};
