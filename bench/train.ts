import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { promisify } from 'node:util';
import { type Dataset, inMemory } from '../src/data/index.ts';
import { createModel, exportDenoiser, openDenoiser } from '../src/model/index.ts';
import { countParameters, findPreset, initializeParameters } from '../src/nn/index.ts';
import { createTrainer, trainingSchema } from '../src/train/index.ts';
import { values } from './matmul.ts';
import { measure, table } from './measure.ts';

const BATCH = 64;
const CHAINS = 100;

/** Training and inference of the demo's network, beside PyTorch's where `python` is given. */
export async function benchTrain(seconds: number, python: string | undefined) {
  const config = {
    parametrization: 'gps',
    view: 'denoised',
    noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
    shape: [1, 28, 28],
    network: findPreset('digits').config,
  } as const;
  const model = createModel(config);
  const training = trainingSchema.parse({ batch: BATCH });
  const trainer = await createTrainer({ model, dataset: noise(), config: training, device: 'cpu' });
  const bytes = exportDenoiser(config, initializeParameters(model.specs, 0));
  const denoiser = await openDenoiser(bytes, 'digits');
  const z = values(CHAINS * 784);
  const out = new Float32Array(z.length);
  const ours = () =>
    measure(
      [
        { name: 'train', work: BATCH, run: () => trainer.next() },
        { name: 'infer', work: CHAINS, run: () => denoiser.denoise(z, out) },
      ],
      3 * seconds,
    );
  // Before and after the peer, so that a machine whose speed drifts treats both alike.
  const before = await ours();
  const peer = python === undefined ? undefined : await runPeer(python, 2 * seconds);
  const after = peer === undefined ? before : await ours();
  await trainer.release();
  await denoiser.release();
  const mean = (i: number) => (before[i]!.median + after[i]!.median) / 2;
  const own = { train: mean(0), infer: mean(1) };
  const rows = (['train', 'infer'] as const).map((key) => {
    const theirs = peer?.[key];
    const cells = [key === 'train' ? `training, batch ${BATCH}` : `inference, batch ${CHAINS}`];
    cells.push(own[key].toFixed(0), theirs?.toFixed(0) ?? '–');
    return [...cells, theirs ? (own[key] / theirs).toFixed(2) : '–'];
  });
  const parameters = countParameters(model.specs);
  return {
    result: { parameters, imagesPerSecond: own, ...(peer && { peer }) },
    text: `digits network, ${parameters} parameters, images/s\n${table(['', 'mdensity', `PyTorch ${peer?.version ?? ''}`, 'ratio'], rows)}`,
  };
}

interface Peer {
  readonly version: string;
  readonly train: number;
  readonly infer: number;
}

async function runPeer(python: string, seconds: number): Promise<Peer> {
  const script = new URL('peers/digits_torch.py', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(python, [
    script,
    ...['--seconds', String(seconds), '--threads', String(cpus().length)],
  ]);
  const { torch, imagesPerSecond } = JSON.parse(stdout);
  return { version: torch, ...imagesPerSecond };
}

function noise(): Dataset {
  const count = 256;
  const data = Uint8Array.from(values(count * 784), (value) => 128 + 40 * value);
  return { name: 'noise', count, shape: [1, 28, 28], ...inMemory(data, count), hash: '' };
}
