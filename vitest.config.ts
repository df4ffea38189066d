import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Tests of the GPU are a suite of their own: vitest.webgpu.config.ts.
    include: ['src/**/!(*.webgpu).test.ts'],
    // The runtime brings its own threads: two workers keep two cores busy.
    maxWorkers: 2,
    testTimeout: 120_000,
  },
});
