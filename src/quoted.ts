/** Text of files and paths as one line of an error may show it. */

/** Line breaks and what a terminal takes for one. */
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
/** Other control characters, and those that turn the direction of writing. */
const CONTROLS = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Halves of surrogate pairs that stand alone. */
const HALVES = /\p{Surrogate}/gu;

/**
 * Writes a text in one line of at most `longest` characters: line breaks become spaces, other
 * control characters `?`, halves of surrogate pairs U+FFFD.
 */
export function oneLine(text: string, longest = 200): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return cut.replace(BREAKS, ' ').replace(CONTROLS, '?').replace(HALVES, '\ufffd');
}

/** Writes a text in one line and in quotation marks: what a file says, which may be anything. */
export function quoted(text: string, longest = 80): string {
  return `"${oneLine(text, longest)}"`;
}

/** Lists at most `most` names, each in one line, and how many more there are. */
export function listed(names: readonly string[], most = 12): string {
  const shown = names.slice(0, most).map((name) => oneLine(name, 60));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
