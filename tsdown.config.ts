import { defineConfig } from 'tsdown';

const folders = ['density', 'graph', 'nn', 'model', 'train', 'sample', 'evaluate', 'data'];

export default defineConfig({
  entry: {
    ...Object.fromEntries(folders.map((name) => [name, `src/${name}/index.ts`])),
    'cli/main': 'src/cli/main.ts',
    // Started as processes of their own.
    'cli/experiment/worker': 'src/cli/experiment/worker.ts',
    'cli/comparison/worker': 'src/cli/comparison/worker.ts',
  },
  format: 'esm',
  platform: 'node',
  target: 'node20',
  dts: true,
  sourcemap: true,
  clean: true,
});
