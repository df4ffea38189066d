import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    // The runtime brings its own threads: two workers keep two cores busy.
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
