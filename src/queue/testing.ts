/** Servers of a test file, which end with it. */
import { afterAll } from 'vitest';
import { launchRedis, launchS3, type TestServer } from './testing-servers.ts';

export { s3Environment, type TestServer } from './testing-servers.ts';

/** Starts Redis or Valkey for this test file. */
export const startRedis = async (...options: readonly string[]): Promise<TestServer> =>
  untilTheEnd(await launchRedis(...options));

/** Starts an S3 server with a bucket `bucket` for this test file. */
export const startS3 = async (options?: { readonly metadata?: boolean }): Promise<TestServer> =>
  untilTheEnd(await launchS3(options));

function untilTheEnd(server: TestServer): TestServer {
  afterAll(server.stop);
  return server;
}
