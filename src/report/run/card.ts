import { commandLine, escapeHtml } from '../page.ts';

/**
 * Renders a model's card, Markdown, as HTML: headings, paragraphs, tables and code. Pictures are
 * left out, and what stands within a line, such as a link, stays as it was typed.
 */
export function cardHtml(markdown: string): string {
  const blocks = markdown.replaceAll('\r', '').split(/^```.*$/m);
  return blocks
    .map((block, i) => (i % 2 === 1 ? commandLine(block.trim()) : proseHtml(block)))
    .join('\n');
}

const proseHtml = (text: string) =>
  text
    .split(/\n\s*\n/)
    .map((block) => block.trim())
    .filter((block) => block !== '' && !/^!\[[^\]]*\]\([^)]*\)$/.test(block) && !/^# /.test(block))
    .map(blockHtml)
    .join('\n');

function blockHtml(block: string): string {
  if (/^#{2,} /.test(block)) return `<h3>${escapeHtml(block.replace(/^#+ /, ''))}</h3>`;
  if (block.startsWith('|')) return tableHtml(block);
  return `<p>${escapeHtml(block.replace(/\s*\n\s*/g, ' '))}</p>`;
}

/** The row of titles, often empty, and the line below it are left out. */
function tableHtml(block: string): string {
  const rows = block.split('\n').map((line) =>
    line
      .trim()
      .replace(/^\||\|$/g, '')
      .split('|')
      .map((cell) => cell.trim()),
  );
  const shown = rows.filter((cells) => !cells.every((cell) => /^:?-*:?$/.test(cell)));
  const lines = shown.map(([first = '', ...rest]) => {
    const cells = rest.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('');
    return `<tr><th scope="row">${escapeHtml(first)}</th>${cells}</tr>`;
  });
  return `<table>${lines.join('')}</table>`;
}
