/** Links that leave the documentation: to files of the repository, which the site does not have. */
import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MarkdownRenderer } from 'vitepress';

const docs = fileURLToPath(new URL('..', import.meta.url));
const repository = dirname(resolve(docs));

/**
 * Shows a link to a file of the repository as its words and its path.
 *
 * @throws Error where there is no such file: the build fails, as it does for pages.
 */
export function linksOfRepository(md: MarkdownRenderer): void {
  md.core.ruler.push('links-of-repository', ({ tokens, env }) => {
    const from = dirname(resolve(docs, (env as { relativePath?: string }).relativePath ?? '.'));
    for (const { children } of tokens) {
      let inside: string | undefined;
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          inside = outside(token.attrGet('href') ?? '', from);
          if (inside === undefined) continue;
          token.tag = 'span';
          token.attrs = [['title', `${inside}, in the repository`]];
        } else if (token.type === 'link_close' && inside !== undefined) {
          token.tag = 'span';
          inside = undefined;
        }
      }
    }
  });
}

/** The path of a file that a link leads to outside the documentation; undefined for any other link. */
function outside(href: string, from: string): string | undefined {
  if (!href.startsWith('../') && !href.startsWith('./')) return undefined;
  const path = resolve(from, href.split('#')[0]!);
  if (!relative(resolve(docs), path).startsWith('..')) return undefined;
  if (!existsSync(path)) throw new Error(`${href}: no such file in the repository`);
  return relative(repository, path);
}
