import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addOptions, defaultOptions, readOptions } from '../../../src/cli/options.ts';
import { type SampleOptions, sampleOptions } from '../../../src/cli/sample.ts';
import { type ModelConfig, modelConfigSchema } from '../../../src/model/index.ts';
import { conditionOfChains } from '../../../src/run/index.ts';
import { walkOf } from '../../../src/sampling/walk.ts';
import { toldOfBox } from '../../engine/box.ts';
import { toldOf } from '../../engine/told.ts';
import { decodeLink, splitHash } from '../../link.ts';
import { words } from '../../words.ts';
import { commandOf } from './command.ts';
import { schema } from './schema.ts';

/** What the command line takes where an option is left out. */
const standard = (name: keyof typeof sampleOptions) =>
  sampleOptions[name].schema.safeParse(undefined).data;

test('the command says all that differs from the defaults of mdensity sample', () => {
  const { state } = decodeLink(schema, 'chains=8&M=4&friction=0.015625&jumpEvery=10&seed=3');
  expect(commandOf(state, 1100)).toBe(
    'mdensity sample --model mnist --measurements 4 --friction 0.015625 --chains 8 --jump-every 10 --seed 3 --steps 1100 --out mnist.npy',
  );
  const options = { ...defaultOptions(sampleOptions), model: 'mnist', out: '' };
  const usual = walkOf(options as SampleOptions, { config: undefined });
  const plain = {
    ...state,
    chains: standard('chains') as number,
    jumpEvery: usual.jumpEvery!,
    stepSize: usual.stepSize!,
    friction: usual.friction!,
    seed: standard('seed') as number,
  };
  expect(commandOf(plain, 0)).toBe(
    'mdensity sample --model mnist --measurements 4 --steps 20 --out mnist.npy',
  );
});

test('the link to figure 3 walks the chains of the results', () => {
  const { hash } = words.images.tries[0]!;
  const { state } = decodeLink(schema, splitHash(hash).query);
  // docs/results.md, MNIST: eight chains at M = 4, friction 1/64, a jump every 10.
  expect(state).toMatchObject({ model: 'mnist', chains: 8, M: 4, friction: 1 / 64, jumpEvery: 10 });
});

test('a model starts at the friction that suits it, unless the link says another', () => {
  expect(decodeLink(schema, 'model=cifar10').state.friction).toBe(0.25);
  expect(decodeLink(schema, 'model=mnist').state.friction).toBe(0.0625);
  expect(decodeLink(schema, 'model=cifar10&friction=0.0625').state.friction).toBe(0.0625);
});

/** What `mdensity sample` reads of a command. */
async function read(command: string) {
  const parsed = addOptions(new Command(), sampleOptions).exitOverride();
  parsed.parse(command.split(' ').slice(2), { from: 'user' });
  return readOptions(sampleOptions, parsed);
}

const config: ModelConfig = modelConfigSchema.parse(
  JSON.parse(readFileSync('models/mnist-family/run.json', 'utf8')).model,
);

test.each([
  [
    '',
    '--class 0,1,2,3,4,5,6,7,8,9 --walk sequential --chains 16 --steps 40',
    { effectiveSigma: 0.5 },
  ],
  [
    '&sigma=0.8&class=7&stepSize=0.5&chains=100',
    '--class 7 --walk sequential --effective-sigma 0.8 --step-size 0.5 --steps 40',
    { effectiveSigma: 0.8, stepSize: 0.5 },
  ],
  [
    '&walk=joint&sigma=0.8&class=any&chains=100&M=4&friction=0.5&jumpEvery=20',
    '--walk joint --sigma 1.6 --measurements 4 --steps 40',
    { measurements: 4 },
  ],
  [
    '&walk=mean&class=any&chains=100&M=4&friction=0.5&jumpEvery=20',
    '--walk mean --measurements 4 --steps 40',
    { measurements: 4 },
  ],
] as const)(
  'of a family%s it is one that mdensity sample reads as the page walks',
  async (link, options, member) => {
    const { state } = decodeLink(schema, `model=mnist-family${link}`);
    const command = commandOf(state, 40);
    expect(command).toBe(`mdensity sample --model mnist-family ${options} --out mnist-family.npy`);
    const given = await read(command);
    const { walk, chains, stepSize, friction, jumpEvery } = state;
    expect(walkOf(given, { config })).toMatchObject({
      walk,
      chains,
      stepSize,
      friction,
      jumpEvery,
      steps: 40,
      seed: 0,
      ...member,
    });
    const told = conditionOfChains(given.class, 3).class;
    expect(told).toEqual(
      { any: undefined, each: ['0', '1', '2'], 7: ['7', '7', '7'] }[state.class],
    );
  },
);

test('what is kept is read from a file, and guidance said where there is a class', async () => {
  const link = 'model=mnist-family&walk=joint&class=7&guidance=2.5&hold=within&keptNoise=0.25';
  const { state } = decodeLink(schema, link);
  const command = commandOf(state, 40, undefined, true);
  expect(command).toContain('--class 7 --guidance 2.5 --walk joint');
  expect(command).toContain('--known known.npy --known-noise 0.25 --steps 40');
  const given = await read(command);
  expect(given).toMatchObject({ guidance: 2.5, known: 'known.npy', knownNoise: 0.25 });
  expect(commandOf({ ...state, hold: 'measured' }, 40, undefined, true)).toContain(
    '--known known.npy --steps 40',
  );
  expect(commandOf({ ...state, class: 'any' }, 40)).not.toMatch(/guidance|known/);
});

test('a class is called by its name where a name looks like the number of another', () => {
  const condition = { type: 'class', classes: 3, names: ['1', '2', 'x'], dropout: 0 } as const;
  const told = toldOf({ ...config, condition });
  const { state } = decodeLink(schema, 'model=own.onnx&class=each');
  expect(commandOf(state, 0, told)).toContain('--class 0,2,x ');
  expect(commandOf({ ...state, class: '2' }, 0, toldOfBox('fashion-family'))).toContain(
    '--class 2 ',
  );
});

test('the command for a model of counts walks the same chains', async () => {
  const { state } = decodeLink(schema, 'chains=3&M=2&jumpEvery=5&seed=4&stepSize=0.3');
  const own = { ...state, model: 'counts.onnx', kernel: 'tau-leap' } as const;
  const told = { counts: { rate: 4, background: 0.5 } };
  const command = commandOf(own, 15, told);
  expect(command).toBe(
    'mdensity sample --model counts.onnx --measurements 2 --step-size 0.3 --chains 3 --jump-every 5 --seed 4 --steps 15 --out counts.npy',
  );
  expect(await read(command)).toMatchObject({ measurements: 2, stepSize: 0.3, seed: 4 });
  expect(commandOf({ ...own, kernel: 'birth-death' }, 15, told)).toContain('--kernel birth-death');
});
