import { readFileSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import { parseArgs } from 'node:util';
import { benchEvaluate } from './evaluate.ts';
import { benchGraph } from './graph.ts';
import { benchSample } from './sample.ts';
import { benchTrain } from './train.ts';
import { benchUnet } from './unet.ts';

const usage = `usage: npm run bench -- [graph] [train] [sample] [unet] [evaluate] [--json] [--seconds n] [--peer python]
  graph   convolutions as a share of the MatMul rate
  train   the demo's network; --peer runs the same in that Python's PyTorch
  sample  random numbers and Langevin updates
  unet    U-Nets, of --only names; --peer and --guided-diffusion (a clone) run theirs in PyTorch
  evaluate  distances between sets of features, on --threads`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '2' },
    peer: { type: 'string' },
    threads: { type: 'string', default: '2' },
    'guided-diffusion': { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});

const seconds = Number(values.seconds);
const benches = {
  graph: () => benchGraph(seconds),
  train: () => benchTrain(seconds, values.peer),
  sample: () => benchSample(seconds),
  evaluate: () => benchEvaluate(Number(values.threads)),
  unet: () =>
    benchUnet(seconds, unetPeer(), values.only, {
      row: (text) => !values.json && console.log(text),
      progress: (text) => console.error(text),
    }),
};
const unetPeer = () => {
  const { peer: python, 'guided-diffusion': guidedDiffusion } = values;
  return python !== undefined && guidedDiffusion !== undefined
    ? { python, guidedDiffusion }
    : undefined;
};
const names = positionals.length > 0 ? positionals : Object.keys(benches);
const unknown = names.find((name) => !Object.hasOwn(benches, name));
if (values.help || unknown !== undefined || !(seconds > 0)) {
  console.error(unknown === undefined ? usage : `no benchmark "${unknown}"\n${usage}`);
  process.exit(values.help ? 0 : 2);
}

const machine = [
  `${cpus()[0]?.model.trim()} (${instructionSets()})`,
  `${cpus().length} cores, ${platform()}-${arch()}, Node ${process.version}`,
].join(', ');
const results: Record<string, unknown> = { machine };
if (!values.json) console.log(`${machine}\n`);
for (const name of names) {
  const { result, text } = await benches[name as keyof typeof benches]();
  results[name] = result;
  if (!values.json && text !== '') console.log(`${text}\n`);
}
if (values.json) console.log(JSON.stringify(results));

/** What of the processor's vector arithmetic decides speed, where the system says so. */
function instructionSets(): string {
  const known = [
    ...['avx2', 'avx512f', 'avx_vnni', 'avx512_vnni', 'avx512_bf16', 'avx512_fp16'],
    ...['amx_int8', 'amx_bf16', 'asimd', 'asimddp', 'i8mm', 'bf16', 'sve'],
  ];
  try {
    const words = new Set(readFileSync('/proc/cpuinfo', 'utf8').split(/\s+/));
    return known.filter((name) => words.has(name)).join(' ') || 'no vector instructions known here';
  } catch {
    return 'instruction sets not told by this system';
  }
}
