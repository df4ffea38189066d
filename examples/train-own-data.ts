/** Trains on numbers of your own, and walks what was learned: points about a circle. */
import { collect, datasetOf, gaussian, presets, train, walkJump } from 'mdensity';

/** `[count, 2]`: points at distance about 1 from the origin. */
function circle(count: number): Float32Array {
  const points = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const angle = 2 * Math.PI * Math.random();
    const radius = 1 + 0.05 * (Math.random() - 0.5);
    points.set([radius * Math.cos(angle), radius * Math.sin(angle)], 2 * i);
  }
  return points;
}

const dataset = datasetOf(circle(2000), [2], { name: 'circle' });
// σ̃ = 0.8/√4 = 0.4: one network serves every number of measurements at that σ̃.
const { model, loss } = await train(dataset, {
  network: presets.mlp,
  noise: gaussian({ sigma: 0.8, measurements: 4 }),
  steps: 600,
  onProgress: ({ done, of, note }) => {
    if (done % 200 === 0) console.log(`${done} of ${of} steps, ${note}`);
  },
});

const draws = await collect(
  walkJump(model, { measurements: 4, chains: 100, steps: 200, burnIn: 50, jumpEvery: 50 }),
);
await model.release();

let distance = 0;
for (let i = 0; i < draws.data.length; i += 2) {
  distance += Math.hypot(draws.data[i]!, draws.data[i + 1]!) / (draws.data.length / 2);
}
console.log(`loss ${loss.toFixed(3)}; ${draws.shape.join(' × ')} numbers sampled`);
console.log(`mean distance from the origin: ${distance.toFixed(2)}`);
