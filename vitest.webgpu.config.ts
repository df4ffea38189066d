import { defineConfig } from 'vitest/config';

/** Run by `npm run test:webgpu` on a machine with a GPU, or a software one. */
export default defineConfig({
  test: { include: ['src/**/*.webgpu.test.ts'], maxWorkers: 1, testTimeout: 600_000 },
});
