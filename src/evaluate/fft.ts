/** Cosines and sines of the last size used: the coordinates of one chain all have one size. */
let table = { size: 0, cosines: new Float64Array(0), sines: new Float64Array(0) };

/** Finds the least power of two that is at least n. */
export function powerOfTwoFrom(n: number): number {
  return n <= 1 ? 1 : 2 ** Math.ceil(Math.log2(n));
}

/**
 * Computes the discrete Fourier transform Σ_t z_t exp(−2πi kt/n), in place, unscaled (Cooley &
 * Tukey 1965, radix 2).
 *
 * @param real `[n]`, n a power of two.
 * @param imaginary `[n]`.
 */
export function fft(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  const { cosines, sines } = tableOf(n);
  reverseBits(real, imaginary);
  for (let half = 1; half < n; half *= 2) {
    const stride = n / (2 * half);
    for (let block = 0; block < n; block += 2 * half) {
      for (let k = 0; k < half; k++) {
        const c = cosines[k * stride]!;
        const s = sines[k * stride]!;
        const i = block + k;
        const j = i + half;
        const re = c * real[j]! + s * imaginary[j]!;
        const im = c * imaginary[j]! - s * real[j]!;
        real[j] = real[i]! - re;
        imaginary[j] = imaginary[i]! - im;
        real[i]! += re;
        imaginary[i]! += im;
      }
    }
  }
}

function reverseBits(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [real[i], real[j]] = [real[j]!, real[i]!];
    [imaginary[i], imaginary[j]] = [imaginary[j]!, imaginary[i]!];
  }
}

function tableOf(size: number): typeof table {
  if (table.size === size) return table;
  const cosines = new Float64Array(size / 2);
  const sines = new Float64Array(size / 2);
  for (let k = 0; k < size / 2; k++) {
    cosines[k] = Math.cos((2 * Math.PI * k) / size);
    sines[k] = Math.sin((2 * Math.PI * k) / size);
  }
  table = { size, cosines, sines };
  return table;
}
