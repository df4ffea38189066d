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

/** Renders one HTML file with everything inside: no script, no network. */
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

/** Puts a picture inside the page. */
export function imageTag(
  bytes: Uint8Array,
  alternative: string,
  type: 'png' | 'webp' = 'png',
): string {
  const data = Buffer.from(bytes).toString('base64');
  return `<img alt="${escapeHtml(alternative)}" src="data:image/${type};base64,${data}">`;
}

/** Puts HTML with a line of text above it. */
export const figure = (html: string, caption: string) =>
  `<figure><figcaption>${escapeHtml(caption)}</figcaption>${html}</figure>`;

/** Lays figures side by side where there is room, below each other on a phone. */
export const figures = (parts: readonly string[], size: 'large' | 'small' = 'large') =>
  `<div class="figures ${size}">${parts.join('')}</div>`;

/**
 * Puts something wide, at a height that can be read: it scrolls by itself where the page is narrow.
 */
export const strip = (html: string, name: string) =>
  `<div class="strip" role="region" aria-label="${escapeHtml(name)}" tabindex="0">${html}</div>`;

/** Shows what to type in a shell. */
export const commandLine = (text: string) => `<pre>${escapeHtml(text)}</pre>`;

/** A name, a value, and what the value means. */
export type TableRow = readonly [name: string, value: string, meaning?: string];

/**
 * Lists rows of names and values; settings have long names, which stand above their values on a
 * phone.
 */
export function table(rows: readonly TableRow[], kind: 'facts' | 'settings' = 'facts'): string {
  const lines = rows.map(([key, value, meaning]) => {
    const note = meaning === undefined ? '' : `<small>${escapeHtml(meaning)}</small>`;
    return `<tr><th scope="row">${escapeHtml(key)}</th><td>${escapeHtml(value)}${note}</td></tr>`;
  });
  return `<table class="${kind}">${lines.join('')}</table>`;
}

/** Lists nested settings as rows: `model.network.type`. */
export function settingsRows(value: unknown, path = ''): (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null) return [[path, String(value)]];
  const plain = (inner: unknown) => typeof inner !== 'object' || inner === null;
  if (Array.isArray(value) && value.every(plain)) return [[path, value.join(', ') || 'none']];
  return Object.entries(value).flatMap(([key, inner]) =>
    settingsRows(inner, path ? `${path}.${key}` : key),
  );
}

/** Escapes what HTML reads as its own. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

const style = `
:root { color-scheme: light dark; --page: Canvas; --line: #ddd; --soft: #555; --accent: #1d4ed8; --fill: #a8c7fa; --code: #f3f4f6; }
@media (prefers-color-scheme: dark) {
  :root { --line: #444; --soft: #aaa; --accent: #93c5fd; --fill: #1e4a9e; --code: #26272b; }
}
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 56rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { margin: 0; font-size: 1.8rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 0.25rem; font-size: 1.2rem; }
h3 { margin: 1.25rem 0 0.25rem; font-size: 1rem; }
p { margin: 0 0 0.75rem; max-width: 44rem; overflow-wrap: anywhere; }
.subtitle, section > p, figcaption, small { color: var(--soft); }
img, svg { display: block; max-width: 100%; height: auto; }
img { image-rendering: pixelated; border-radius: 4px; }
figure { margin: 0 0 1rem; }
figure > img { width: 100%; max-width: 32rem; }
figcaption { margin-bottom: 0.25rem; font-size: 0.9rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 0.5rem 1.5rem; }
.figures svg { width: 100%; max-width: 27rem; }
.small { grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: 0.5rem 1rem; }
.wide, .strip, section:has(> svg) { overflow-x: auto; }
.wide td { white-space: nowrap; }
section > svg { min-width: 32rem; }
.strip { margin-bottom: 1rem; }
.strip img { max-width: none; width: max(100%, 44rem); }
pre { margin: 0 0 0.75rem; padding: 0.5rem 0.75rem; border-radius: 4px; background: var(--code); font-size: 0.85rem; overflow-x: auto; }
table { margin-bottom: 1rem; border-collapse: collapse; font-size: 0.9rem; }
th, td { padding: 0.2rem 1rem 0.2rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 500; white-space: nowrap; }
td small { display: block; line-height: 1.35; }
@media (max-width: 34rem) {
  .facts th { min-width: 6rem; white-space: normal; }
  .settings :is(tr, th, td) { display: block; padding-right: 0; }
  .settings th { padding-bottom: 0; border: 0; color: var(--soft); }
  .small { grid-template-columns: 1fr 1fr; }
}
`;
