import { renderToString } from 'katex';
import type { Plugin } from 'vite';
import { parse } from 'yaml';

/**
 * Makes a module of a `.tex.yaml` file: each name's TeX as HTML, so that the page needs no KaTeX.
 */
export function equations(): Plugin {
  return {
    name: 'equations',
    enforce: 'pre',
    transform: {
      filter: { id: /\.tex\.yaml$/ },
      handler(source) {
        const entries = Object.entries(parse(source) as Record<string, string>);
        const rendered = entries.map(([name, tex]) => [
          name,
          renderToString(tex, { displayMode: true, throwOnError: true, strict: 'error' }),
        ]);
        const code = `export default ${JSON.stringify(Object.fromEntries(rendered))};`;
        return { code, moduleType: 'js', map: null };
      },
    },
  };
}

/** Leaves the older formats out of KaTeX's fonts: browsers that run the studio read woff2. */
export function smallKatex(): Plugin {
  return {
    name: 'small-katex',
    enforce: 'pre',
    transform: {
      filter: { id: /katex\.min\.css/ },
      handler: (css) => ({
        code: css.replace(/,url\([^)]*\.(?:woff|ttf)\)\s*format\("[a-z]+"\)/g, ''),
        map: null,
      }),
    },
  };
}
