import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { documents } from './vite-docs.ts';
import { equations, smallKatex } from './vite-equations.ts';
import { notices } from './vite-notices.ts';

// How long each plugin took is nobody's concern here.
const checks = { pluginTimings: false };

/** Models keep the name of their folder, by which a person knows them. */
const assetFileNames = ({ originalFileNames: [path = ''] }: { originalFileNames: string[] }) =>
  path.endsWith('.onnx')
    ? `models/${path.split('/').at(-2)}-[hash][extname]`
    : 'assets/[name]-[hash][extname]';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Relative, so that the page can be put under any path of a host.
  base: './',
  plugins: [equations(), smallKatex(), notices(), documents(), svelte()],
  worker: { format: 'es', rolldownOptions: { checks } },
  build: {
    outDir: '../dist/studio',
    emptyOutDir: true,
    target: 'es2023',
    // The engine's own file is large, and loaded when a view needs it.
    chunkSizeWarningLimit: 1000,
    reportCompressedSize: false,
    // What the page is made of beside this package, with the terms that each asks to be passed on.
    license: { fileName: 'licences.txt' },
    rolldownOptions: { checks, output: { assetFileNames } },
  },
  // A static host may lack these; with them the engine has threads.
  server: {
    headers: {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    },
  },
  clearScreen: false,
});
