import { interpolateGreys, interpolatePuOr, interpolateViridis } from 'd3-scale-chromatic';

const scales = {
  /** From little to much, even to the eye. */
  viridis: interpolateViridis,
  /** Black ink on white paper. */
  greys: interpolateGreys,
  /** Two directions from a middle at 1/2. */
  diverging: interpolatePuOr,
} as const;

export type ColourScale = keyof typeof scales;

const STEPS = 256;
const tables = new Map<ColourScale, Uint8ClampedArray>();

/** A scale as 256 colours, four bytes each: red, green, blue and 255. */
export function colourTable(name: ColourScale): Uint8ClampedArray {
  const known = tables.get(name);
  if (known) return known;
  const table = new Uint8ClampedArray(4 * STEPS);
  for (let i = 0; i < STEPS; i++) table.set([...parse(scales[name](i / (STEPS - 1))), 255], 4 * i);
  tables.set(name, table);
  return table;
}

/** Writes the colours of values, of which 0 to 1 is the scale, into four bytes each. */
export function paint(
  values: ArrayLike<number>,
  into: Uint8ClampedArray,
  scale: ColourScale,
): void {
  const table = colourTable(scale);
  for (let i = 0; i < values.length; i++) {
    const share = Math.min(1, Math.max(0, values[i]!));
    const at = 4 * Math.round((STEPS - 1) * share);
    for (let k = 0; k < 4; k++) into[4 * i + k] = table[at + k]!;
  }
}

/** Red, green and blue of `rgb(…)` or `#rrggbb`. */
function parse(colour: string): readonly number[] {
  if (colour.startsWith('#')) {
    return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  }
  return colour
    .match(/[\d.]+/g)!
    .slice(0, 3)
    .map(Number);
}
