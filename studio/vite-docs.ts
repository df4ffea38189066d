import { readdirSync, readFileSync } from 'node:fs';
import katex from 'katex';
import { marked } from 'marked';
import type { Plugin } from 'vite';

const docs = new URL('../docs/', import.meta.url);

/** Pages that the studio links to. */
const pages = ['theory', 'results', 'studio'] as const;

/** Emits the documents as pages beside the studio, so that a host of the folder has them too. */
export function documents(): Plugin {
  return {
    name: 'documents',
    apply: 'build',
    generateBundle() {
      const used = new Set<string>();
      for (const name of pages) {
        const html = pageOf(readFileSync(new URL(`${name}.md`, docs), 'utf8'));
        for (const [, image] of html.matchAll(/src="(images\/[^"]+)"/g)) used.add(image!);
        this.emitFile({ type: 'asset', fileName: `docs/${name}.html`, source: html });
      }
      const there = new Set(readdirSync(new URL('images/', docs)).map((file) => `images/${file}`));
      for (const image of used) {
        if (!there.has(image)) continue;
        const source = readFileSync(new URL(image, docs));
        this.emitFile({ type: 'asset', fileName: `docs/${image}`, source });
      }
    },
  };
}

/** A document as a page of its own; equations are MathML, which needs no styles. */
function pageOf(markdown: string): string {
  const equations: string[] = [];
  const held = (tex: string, displayMode: boolean) => {
    equations.push(katex.renderToString(tex, { displayMode, output: 'mathml' }));
    return `EQUATION${equations.length - 1}END`;
  };
  // What stands in code keeps its signs.
  const parts = markdown.split(/(```[\s\S]*?```|`[^`\n]*`)/);
  const text = parts.map((part, k) =>
    k % 2 === 1
      ? part
      : part
          .replace(/\$\$([\s\S]+?)\$\$/g, (_, tex: string) => held(tex, true))
          .replace(/\$([^$\n]+(?:\n[^$\n]+)?)\$/g, (_, tex: string) => held(tex, false)),
  );
  const body = (marked.parse(text.join(''), { async: false }) as string)
    .replace(/EQUATION(\d+)END/g, (_, k: string) => equations[Number(k)]!)
    .replace(/href="(theory|results|studio)\.md/g, 'href="$1.html');
  const title = /^# (.*)$/m.exec(markdown)?.[1] ?? '';
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · mdensity</title>
    <style>
      :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
      body { max-width: 52rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
      img { max-width: 100%; background: #fff; }
      table { display: block; overflow-x: auto; border-collapse: collapse; }
      th, td { padding: 0.15rem 0.6rem; border-bottom: 1px solid #8886; }
      pre, math[display='block'] { overflow-x: auto; max-width: 100%; }
    </style>
  </head>
  <body>
    <p><a href="../index.html">mdensity studio</a></p>
    ${body}
  </body>
</html>
`;
}
