import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

/**
 * Notices of what lies beside the page and is no JavaScript of a package: ONNX Runtime's own files,
 * and data.
 */
const runtime = `# ONNX Runtime

\`assets/ort-*\`: ONNX Runtime Web, copyright Microsoft Corporation, MIT licence,
<https://github.com/microsoft/onnxruntime/blob/main/LICENSE>.

`;

/** Emits `notices.txt`: a static host of the folder shows them too. */
export function notices(): Plugin {
  const data = new URL('../assets/data/NOTICE.md', import.meta.url);
  return {
    name: 'notices',
    apply: 'build',
    generateBundle() {
      const source = `${runtime}${readFileSync(data, 'utf8')}`;
      this.emitFile({ type: 'asset', fileName: 'notices.txt', source });
    },
  };
}
