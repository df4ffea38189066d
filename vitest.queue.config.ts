import { defineConfig } from 'vitest/config';

/**
 * Run by `npm run test:queue`: what works over a queue and a store, with real servers that the tests
 * start. Needs redis-server (or `REDIS_SERVER=valkey-server`) and versitygw (or `S3_SERVER`).
 */
export default defineConfig({
  test: {
    include: ['src/**/*.queue.test.ts'],
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
