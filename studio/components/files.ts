/** Files that the page hands to the reader. */

/** Hands out a file, as a download. */
export function download(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has taken it up by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Hands out a canvas as a PNG file. */
export function savePng(canvas: HTMLCanvasElement, name: string): void {
  canvas.toBlob((file) => {
    if (file) download(file, name);
  });
}

/** Hands out rows of values as a CSV file. */
export function saveCsv(
  columns: readonly string[],
  rows: readonly (readonly (number | string)[])[],
  name: string,
): void {
  download(new Blob([csvOf(columns, rows)], { type: 'text/csv' }), name);
}

/** Writes rows of values as CSV (RFC 4180). */
export function csvOf(
  columns: readonly string[],
  rows: readonly (readonly (number | string)[])[],
): string {
  const line = (values: readonly (number | string)[]) => values.map(quoted).join(',');
  return `${[columns, ...rows].map(line).join('\r\n')}\r\n`;
}

const quoted = (value: number | string): string => {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Hands out a chart as an SVG file, in the colours that it has on the page. */
export function saveSvg(figure: SVGSVGElement | null, name: string): void {
  if (!figure) return;
  const copy = figure.cloneNode(true) as SVGSVGElement;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const style = getComputedStyle(figure);
  copy.style.fontFamily = 'system-ui, sans-serif';
  copy.style.color = style.color;
  const probe = document.createElement('span');
  document.body.append(probe);
  // A file has no page whose properties it could name.
  const text = new XMLSerializer()
    .serializeToString(copy)
    .replace(/var\((--[a-z-]+)\)/g, (whole) => {
      probe.style.color = whole;
      return getComputedStyle(probe).color;
    });
  probe.remove();
  download(new Blob([text], { type: 'image/svg+xml' }), name);
}
