import { defineConfig } from 'tsdown';

/**
 * Leaves the choice of the engine to whoever loads the package: "imports" of package.json names the file
 * of either platform, for the sources by `#onnxruntime`, for what is built by this name.
 */
const engine = {
  name: 'engine',
  resolveId: (id: string) =>
    id === '#onnxruntime' ? ({ id: '#built/onnxruntime', external: true } as const) : null,
};

export default defineConfig({
  entry: [
    'src/{index,browser}.ts',
    'src/{client,data,density,evaluate,experiment,graph,model,nn,report,run,sample,serve,train}/index.ts',
    'src/{data/node,evaluate/model}/index.ts',
    'src/graph/onnxruntime-{node,web}.ts',
    'src/cli/main.ts',
    // Started as processes of their own.
    'src/experiment/{paper-a,parametrizations}/worker.ts',
    'src/serve/child/main.ts',
    'src/diloco/worker.ts',
    'src/cli/command-worker.ts',
  ],
  // A file for each of the sources: a browser's build takes those that a page uses, no others.
  unbundle: true,
  plugins: [engine],
  format: 'esm',
  platform: 'node',
  target: 'node20',
  dts: true,
  sourcemap: true,
  clean: true,
});
