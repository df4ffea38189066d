import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Builds the page of the engine's tests into a folder; its address there is `testing/harness.html`. */
export async function buildHarness(outDir: string): Promise<void> {
  await build({
    configFile: at('../vite.config.ts'),
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true, rolldownOptions: { input: at('./harness.html') } },
  });
}
