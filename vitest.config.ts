import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Tests of the GPU, of the studio in a browser and of queues are suites of their own:
    // vitest.webgpu.config.ts, vitest.studio.config.ts, vitest.queue.config.ts.
    include: [
      'src/**/!(*.webgpu|*.queue).test.ts',
      'studio/**/!(*.e2e).test.ts',
      'bench/fuzz/*.test.ts',
      'docs/build/*.test.ts',
    ],
    // Two workers keep two cores busy; with more threads than cores the runtime's wait for each other.
    maxWorkers: 2,
    env: { MDENSITY_THREADS: '1' },
    // No test is about time: on a busy machine each may take what it needs.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
