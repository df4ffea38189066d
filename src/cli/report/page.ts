/** A part of a report: a heading, a sentence on what is seen, and HTML. */
export interface Section {
  readonly title: string;
  readonly text: string;
  readonly html: string;
}

export interface Page {
  readonly title: string;
  readonly subtitle: string;
  readonly sections: readonly Section[];
}

/** One HTML file with everything inside: no script, no network. */
export function renderPage({ title, subtitle, sections }: Page): string {
  const body = sections.map(
    ({ title: heading, text, html }) =>
      `<section>\n<h2>${escapeHtml(heading)}</h2>\n<p>${escapeHtml(text)}</p>\n${html}\n</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="subtitle">${escapeHtml(subtitle)}</p>
${body.join('\n')}
</main>
</body>
</html>
`;
}

/** A PNG inside the page. */
export function imageTag(png: Uint8Array, alternative: string): string {
  const data = Buffer.from(png).toString('base64');
  return `<img alt="${escapeHtml(alternative)}" src="data:image/png;base64,${data}">`;
}

export function table(rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(
    ([key, value]) =>
      `<tr><th scope="row">${escapeHtml(key)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<table>${lines.join('')}</table>`;
}

/** Nested settings as rows: `model.network.type`. */
export function settingsRows(value: unknown, path = ''): (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [[path, Array.isArray(value) ? value.join(', ') || 'none' : String(value)]];
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    settingsRows(inner, path ? `${path}.${key}` : key),
  );
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

const style = `
:root { color-scheme: light dark; --line: light-dark(#ddd, #444); --soft: light-dark(#555, #aaa); }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 56rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { margin: 0; font-size: 1.8rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 0.25rem; font-size: 1.2rem; }
p { margin: 0 0 0.75rem; max-width: 44rem; }
.subtitle, section > p { color: var(--soft); }
img, svg { display: block; max-width: 100%; height: auto; }
img { image-rendering: pixelated; border-radius: 4px; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { padding: 0.2rem 1rem 0.2rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
th { font-weight: 500; white-space: nowrap; }
`;
