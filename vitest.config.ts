import { defineConfig } from 'vitest/config';

// Tests of the GPU are a suite of their own: `npm run test:webgpu`, where there is one.
const webgpu = process.env.MDENSITY_TEST === 'webgpu';

export default defineConfig({
  test: {
    include: [webgpu ? 'src/**/*.webgpu.test.ts' : 'src/**/!(*.webgpu).test.ts'],
    // The runtime brings its own threads: two workers keep two cores busy.
    maxWorkers: 2,
    testTimeout: 120_000,
  },
});
