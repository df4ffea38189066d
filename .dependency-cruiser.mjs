// Imports run one way: a folder may use those named before it, never those after.
const order = [
  'data',
  'density',
  'graph',
  'nn',
  'model',
  'train',
  'sample',
  'run',
  'sampling',
  'store',
  'queue',
  'evaluate',
  'experiment',
  'diloco',
  'report',
  'serve',
  'client',
  'cli',
];

/** Files that need Node: these folders, every folder called `node`, and what measures models on disk. */
const needsNode =
  '^src/(run|store|queue|sampling|experiment|diloco|report|serve|cli)/|/node/|^src/evaluate/model/|^src/(files|package-folder|child-script|atomic-write).ts$|^src/graph/onnxruntime-node.ts$';

const isTest = '(testing|\\.test|fixtures)';

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
      from: { path: `^src/${name}/`, pathNot: isTest },
      to: { path: `^src/(${order.slice(i + 1).join('|')})/` },
    })),
    {
      name: 'shared-files-use-no-folder',
      severity: 'error',
      from: { path: '^src/[^/]+$', pathNot: '^src/(index|browser).ts$' },
      to: { path: '^src/[^/]+/' },
    },
    {
      name: 'a-folder-says-that-it-needs-node',
      severity: 'error',
      from: { path: '^src/', pathNot: [needsNode, isTest, '^src/index.ts$'] },
      to: {
        path: needsNode,
        pathNot: '^src/graph/onnxruntime-node.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'a-folder-says-that-it-imports-node',
      severity: 'error',
      from: { path: '^src/', pathNot: [needsNode, isTest] },
      to: { dependencyTypes: ['core'] },
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
