import { defineConfig } from 'vitest/config';

/** Run by `npm run test:package`: what is packed, installed elsewhere as npm does it. */
export default defineConfig({
  test: {
    include: ['packaging/**/*.test.ts'],
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
