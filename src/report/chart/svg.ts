/** Values of attributes; those that are undefined are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/**
 * Writes an element of SVG as text; numbers to hundredths, names of attributes as SVG has them.
 * Each is closed by a tag of its own, so that any reader of HTML finds its end.
 */
export function element(name: string, attributes: Attributes, ...content: string[]): string {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : ` ${key}="${escapeXml(short(value))}"`,
  );
  return `<${name}${written.join('')}>${content.join('')}</${name}>`;
}

/** Writes a text at a point; `anchor` says which of its ends lies there. */
export const textAt = (
  x: number,
  y: number,
  text: string,
  attributes: Attributes & { readonly anchor?: 'start' | 'middle' | 'end' } = {},
): string => {
  const { anchor, ...others } = attributes;
  return element('text', { x, y, 'text-anchor': anchor, ...others }, escapeXml(text));
};

export interface DrawingOptions {
  readonly width: number;
  readonly height: number;
  /** What the drawing shows, for those who cannot see it. */
  readonly title: string;
  /** White paper and black ink; default: the colours of the page that it is in. */
  readonly onWhite?: boolean;
  /** Size of its text in pixels. Default 10. */
  readonly fontSize?: number;
}

/** Writes a drawing that stands on its own, in a page or a file. */
export function drawing(options: DrawingOptions, ...content: string[]): string {
  const { width, height, title, onWhite = false, fontSize = 10 } = options;
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    role: 'img',
    'aria-label': title,
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    'font-family': 'system-ui, sans-serif',
    'font-size': fontSize,
    fill: 'currentColor',
    style: onWhite ? 'background: white; color: black' : undefined,
  };
  return element('svg', attributes, ...content);
}

const short = (value: string | number) =>
  typeof value === 'number' ? String(Number(value.toFixed(2))) : value;

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' };

const escapeXml = (text: string) => text.replace(/[&<"]/g, (character) => escapes[character]!);
