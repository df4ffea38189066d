import { defineConfig } from 'vitest/config';

/** Run by `npm run test:studio`: the studio in a browser. Needs Chromium; `CHROMIUM` says where. */
export default defineConfig({
  test: {
    include: ['studio/**/*.e2e.test.ts'],
    globalSetup: 'studio/testing/setup.ts',
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
