import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { TestProject } from 'vitest/node';
import { serveStudio } from '../../src/cli/studio.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Address of the studio, as `mdensity studio` serves it. */
    studio: string;
    /** Address of the page of the engine's tests. */
    harness: string;
  }
}

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Builds the studio and the engine's page into a folder of the tests' own, and serves both. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'mdensity-studio-'));
  const servers: Server[] = [];
  const serve = async (name: string, page?: string) => {
    const outDir = join(folder, name);
    await build({
      configFile: at('../vite.config.ts'),
      logLevel: 'warn',
      build: { outDir, ...(page !== undefined && { rolldownOptions: { input: at(page) } }) },
    });
    const server = await serveStudio(0, outDir);
    servers.push(server);
    return `http://localhost:${(server.address() as AddressInfo).port}/`;
  };
  project.provide('studio', await serve('studio'));
  project.provide('harness', `${await serve('harness', './harness.html')}testing/harness.html`);
  return async () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    await rm(folder, { recursive: true });
  };
}
