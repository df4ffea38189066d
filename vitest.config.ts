import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Tests of the GPU and of the studio in a browser are suites of their own: vitest.webgpu.config.ts,
    // vitest.studio.config.ts.
    include: ['src/**/!(*.webgpu).test.ts', 'studio/**/!(*.e2e).test.ts'],
    // The runtime brings its own threads: two workers keep two cores busy.
    maxWorkers: 2,
    testTimeout: 120_000,
  },
});
