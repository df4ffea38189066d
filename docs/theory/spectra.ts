/** Figure 3: condition numbers by class, and the spectrum of three members of one class. */
import * as Plot from '@observablehq/plot';
import { gaussianNoise, gaussianSpectrum, universalityClass } from '../../src/density/index.ts';
import { sideBySide, table, white } from './panels.ts';

export const variances = [4, 1, 0.05];
const hues = ['#15803d', '#1d4ed8', '#c2410c'];

function spectrumOf(effective: number, measurements: number) {
  const sigma = universalityClass(1, effective).members(measurements);
  return gaussianSpectrum(variances, gaussianNoise(sigma, measurements));
}

export function spectrumTable(effective: number): string {
  const rows = [1, 4, 16].map((measurements) => {
    const { eigenvalues, conditionNumber } = spectrumOf(effective, measurements);
    const list = eigenvalues.map((e) => `${e.value.toPrecision(3)} (×${e.multiplicity})`);
    const round = (measurements - 1) / measurements;
    return [`${measurements}`, list.join(', '), conditionNumber.toFixed(2), round.toFixed(3)];
  });
  return table(['M', 'eigenvalues', 'κ', 'share of round directions'], rows);
}

export function spectrumFigure(effective: number): string {
  const noises = Array.from({ length: 81 }, (_, k) => 10 ** (-1.5 + k / 32));
  const kappa = (measurements: number) =>
    noises.map((at) => ({ at, kappa: spectrumOf(at, measurements).conditionNumber }));
  const levels = [1, 4, 16].flatMap((measurements, row) =>
    spectrumOf(effective, measurements).eigenvalues.map(({ value, multiplicity }) => ({
      // Scaled by σ², so that the round directions of every member stand at 1.
      value: value * measurements * effective * effective,
      share: multiplicity / (3 * measurements),
      member: `M = ${measurements}`,
      hue: hues[row]!,
    })),
  );
  return sideBySide(
    'Condition number by class, and spectra inside a class',
    [
      {
        style: white,
        marginLeft: 50,
        x: { type: 'log', label: 'σ̃', ticks: 4, tickFormat: String },
        y: { type: 'log', label: 'condition number κ', grid: true, ticks: 5, tickFormat: 'd' },
        marks: [
          Plot.line(kappa(1), { x: 'at', y: 'kappa', stroke: hues[0]!, strokeWidth: 2 }),
          Plot.line(kappa(4), { x: 'at', y: 'kappa', stroke: hues[2]!, strokeWidth: 2 }),
          Plot.text(['M = 1'], { x: 0.06, y: 45, fill: hues[0]!, fontSize: 13 }),
          Plot.text(['any M > 1'], { x: 0.2, y: 500, fill: hues[2]!, fontSize: 13 }),
        ],
      },
      {
        style: white,
        marginLeft: 56,
        marginRight: 64,
        x: {
          ...{ type: 'log', label: 'eigenvalue × σ²', grid: true, ticks: 4, inset: 14 },
          tickFormat: String,
        },
        y: { label: 'share of directions', domain: [0, 1] },
        fy: { label: null, domain: ['M = 1', 'M = 4', 'M = 16'], padding: 0.25 },
        marks: [
          Plot.ruleY([0]),
          Plot.ruleX(levels, {
            x: 'value',
            y: 'share',
            fy: 'member',
            stroke: 'hue',
            strokeWidth: 3,
          }),
          Plot.dot(levels, { x: 'value', y: 'share', fy: 'member', fill: 'hue', r: 4 }),
        ],
      },
    ],
    430,
    360,
  );
}
