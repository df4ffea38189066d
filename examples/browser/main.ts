/** Walks a model in a browser and draws every jump. On one thread: no headers are asked of the server. */
import { openModel, walkJump } from 'mdensity';
import address from 'mdensity/models/mnist/model.onnx?url';
import { gridPicture } from 'mdensity/sample';

const canvas = document.querySelector('canvas')!;
const line = document.querySelector('p')!;

const model = await openModel(address);
const options = { measurements: 4, chains: 16, steps: 60, jumpEvery: 10, seed: 1 };
for await (const { step, xhat } of walkJump(model, options)) {
  const { width, height, channels, data } = gridPicture(xhat, model.shape);
  canvas.width = width;
  canvas.height = height;
  const pixels = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = data[channels * i + (c % channels)]!;
  }
  canvas.getContext('2d')!.putImageData(new ImageData(pixels, width, height), 0, 0);
  line.textContent = `step ${step} of ${options.steps}`;
}
await model.release();
line.textContent = 'done';
