import { compileProduct, type EngineOptions, type Product } from './feature-sets.ts';

/** Diagonals of the band beside the main one, and columns that are reduced at a time. */
export const BANDWIDTH = 32;

/**
 * The lower half of a symmetric band matrix: element (i, j), j ≤ i, stands at i·width + (i − j).
 */
export interface Band {
  readonly size: number;
  /** Diagonals stored: of the band and one more, which later reductions fill. */
  readonly width: number;
  readonly values: Float64Array;
}

/**
 * Makes the orthogonal similarity of a symmetric matrix to one of 32 diagonals beside the main one,
 * the first stage of Bischof, Lang & Sun 2000, "A framework for symmetric band reduction", section
 * 3. Householder reflections of 32 columns are gathered as Q = I − V T Vᵀ (Schreiber & Van Loan
 * 1989), so that nearly all of the 4n³/3 operations are products by the engine: A ← A − W Vᵀ − V
 * Wᵀ, W = X − V Tᵀ Vᵀ X/2, X = A V T.
 *
 * @param matrix `[n, n]`, symmetric; not changed.
 */
export async function reduceToBand(
  matrix: Float64Array,
  n: number,
  { threads }: EngineOptions = {},
): Promise<Band> {
  const band: Band = {
    size: n,
    width: BANDWIDTH + 2,
    values: new Float64Array(n * (BANDWIDTH + 2)),
  };
  let rest: Float64Array = matrix.slice();
  let size = n;
  while (size > BANDWIDTH + 1) {
    // Products have one size for a quarter of the columns left; then the matrix is cut.
    const target = Math.floor(size / 2) > BANDWIDTH ? Math.floor((3 * size) / 4) : BANDWIDTH;
    const products = await compileUpdates(size, threads);
    let done = 0;
    while (size - done > target && size - done > BANDWIDTH + 1) {
      const reflection = reflectPanel(rest, size, done);
      copyPanel(rest, size, done, band, n - size + done);
      await applyReflection(rest, size, done + BANDWIDTH, reflection, products);
      done += BANDWIDTH;
    }
    await Promise.all([products.byPanel.release(), products.update.release()]);
    rest = trailing(rest, size, done);
    size -= done;
  }
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      band.values[(n - size + i) * band.width + (i - j)] = rest[i * size + j]!;
    }
  }
  return band;
}

interface Updates {
  readonly byPanel: Product;
  readonly update: Product;
}

async function compileUpdates(size: number, threads: number | undefined): Promise<Updates> {
  const [rows, inner, columns] = [size, 2 * BANDWIDTH, size];
  return {
    byPanel: await compileProduct({ rows, inner: size, columns: BANDWIDTH, threads }),
    update: await compileProduct({ rows, inner, columns, transposeB: true, threads }),
  };
}

/** Q = I − V T Vᵀ. */
interface Reflection {
  /** V, `[n, 32]`. */
  readonly v: Float64Array;
  /** T, `[32, 32]`, upper triangular. */
  readonly t: Float64Array;
}

/**
 * QR of the columns `from` to `from` + 32 below the band, which become R in place. Each reflection
 * is I − τ v vᵀ; T grows by a column for each (LAPACK's dlarft).
 */
function reflectPanel(a: Float64Array, n: number, from: number): Reflection {
  const b = BANDWIDTH;
  const v = new Float64Array(n * b);
  const t = new Float64Array(b * b);
  for (let c = 0; c < b && from + b + c < n; c++) {
    const top = from + b + c;
    const tau = reflector(a, v, n, from + c, top, c);
    if (tau === 0) continue;
    const dots = new Float64Array(b);
    for (let i = top; i < n; i++) {
      const value = v[i * b + c]!;
      for (let k = 0; k < c; k++) dots[k]! += v[i * b + k]! * value;
      for (let k = c + 1; k < b; k++) dots[k]! += a[i * n + from + k]! * value;
    }
    for (let i = top; i < n; i++) {
      const scaled = tau * v[i * b + c]!;
      for (let k = c + 1; k < b; k++) a[i * n + from + k]! -= scaled * dots[k]!;
    }
    t[c * b + c] = tau;
    for (let k = 0; k < c; k++) {
      let sum = 0;
      for (let m = k; m < c; m++) sum += t[k * b + m]! * dots[m]!;
      t[k * b + c] = -tau * sum;
    }
  }
  return { v, t };
}

/** The reflection that clears `column` below row `top`; writes v into column c of V; τ. */
function reflector(
  a: Float64Array,
  v: Float64Array,
  n: number,
  column: number,
  top: number,
  c: number,
): number {
  let scale = 0;
  for (let i = top; i < n; i++) scale = Math.max(scale, Math.abs(a[i * n + column]!));
  let below = 0;
  for (let i = top + 1; i < n; i++) below += (a[i * n + column]! / scale) ** 2;
  if (scale === 0 || below === 0) return 0;
  const head = a[top * n + column]!;
  const norm = scale * Math.sqrt((head / scale) ** 2 + below);
  const result = head > 0 ? -norm : norm;
  v[top * BANDWIDTH + c] = 1;
  for (let i = top + 1; i < n; i++) {
    v[i * BANDWIDTH + c] = a[i * n + column]! / (head - result);
    a[i * n + column] = 0;
  }
  a[top * n + column] = result;
  return (result - head) / result;
}

/** A ← QᵀAQ of what is below and right of `from`. */
async function applyReflection(
  a: Float64Array,
  n: number,
  from: number,
  { v, t }: Reflection,
  { byPanel, update }: Updates,
): Promise<void> {
  const b = BANDWIDTH;
  const av = await byPanel.run(a, v);
  const x = new Float64Array(n * b);
  const vx = new Float64Array(b * b);
  for (let i = from; i < n; i++) {
    for (let k = 0; k < b; k++) {
      let sum = 0;
      for (let m = 0; m <= k; m++) sum += av[i * b + m]! * t[m * b + k]!;
      x[i * b + k] = sum;
    }
    for (let m = 0; m < b; m++) {
      for (let k = 0; k < b; k++) vx[m * b + k]! += v[i * b + m]! * x[i * b + k]!;
    }
  }
  const half = halfTransposed(t, vx);
  const [wv, vw] = [new Float64Array(2 * n * b), new Float64Array(2 * n * b)];
  for (let i = from; i < n; i++) {
    for (let k = 0; k < b; k++) {
      let w = x[i * b + k]!;
      for (let m = 0; m < b; m++) w -= v[i * b + m]! * half[m * b + k]!;
      wv[2 * i * b + k] = vw[(2 * i + 1) * b + k] = w;
      wv[(2 * i + 1) * b + k] = vw[2 * i * b + k] = v[i * b + k]!;
    }
  }
  const change = await update.run(wv, vw);
  for (let i = from; i < n; i++) {
    for (let at = i * n + from; at < (i + 1) * n; at++) a[at]! -= change[at]!;
  }
}

/** TᵀM/2. */
function halfTransposed(t: Float64Array, m: Float64Array): Float64Array {
  const b = BANDWIDTH;
  return Float64Array.from({ length: b * b }, (_, at) => {
    const [i, j] = [Math.floor(at / b), at % b];
    let sum = 0;
    for (let k = 0; k <= i; k++) sum += t[k * b + i]! * m[k * b + j]!;
    return sum / 2;
  });
}

/** Puts the reduced columns `from` to `from` + 32 into the band, where they start at `place`. */
function copyPanel(a: Float64Array, n: number, from: number, band: Band, place: number): void {
  for (let c = 0; c < BANDWIDTH; c++) {
    const last = Math.min(c + BANDWIDTH, n - 1 - from);
    for (let i = c; i <= last; i++) {
      band.values[(place + i) * band.width + (i - c)] = a[(from + i) * n + from + c]!;
    }
  }
}

function trailing(a: Float64Array, n: number, from: number): Float64Array {
  const size = n - from;
  const cut = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    cut.set(a.subarray((from + i) * n + from, (from + i + 1) * n), i * size);
  }
  return cut;
}
