import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addOptions, readOptionsAndGiven } from '../../../src/cli/options.ts';
import { trainOptions } from '../../../src/cli/train-options.ts';
import { createModel } from '../../../src/model/index.ts';
import { countParameters } from '../../../src/nn/index.ts';
import { decodeLink, encodeLink, splitHash } from '../../link.ts';
import { inWords } from './messages.ts';
import { networkFor, networkNames, networks } from './networks.ts';
import { modelOf, trainingOf } from './plan.ts';
import { schema } from './schema.ts';
import { commandNote, commandOf, differences, putBack, type Settings } from './settings.ts';

const settings = (query = ''): Settings => decodeLink(schema, query).state;

test.each(networkNames)('%s has as many parameters as it says', (network) => {
  const { data, parameters, parametrization } = networks[network];
  const model = modelOf({ ...settings(), data, network });
  expect(model.parametrization).toBe(parametrization);
  expect(countParameters(createModel(model).specs)).toBe(parameters);
});

test('a network of other data gives way to the default of the data', () => {
  expect(networkFor({ data: 'mnist', network: 'mlp' })).toBe('digits');
  expect(networkFor({ data: 'mnist', network: 'digits-l' })).toBe('digits-l');
});

test.each([
  '',
  'v=1&data=mnist&network=digits-l&M=4&sigma=1&seed=3&device=webgpu',
  'v=1&network=mlp-energy&optimizer=adamw&weightDecay=0.1&rate=0.01&batch=32&steps=99&warmup=7',
  'v=1&target=points&points=1,2;3,4&decay=linear&ema=0.9&clip=1.5&optimizer=adagrad',
])('the command trains what the page trains: %s', async (query) => {
  const given = settings(query);
  const words = commandOf(given).split(' ').slice(2);
  const command = addOptions(new Command(), trainOptions).exitOverride();
  command.parse(words, { from: 'user' });
  const { options } = await readOptionsAndGiven(trainOptions, command);
  const training = trainingOf(given);
  const model = modelOf(given);
  for (const [name, value] of Object.entries(training)) {
    expect([name, options[name as keyof typeof options]]).toEqual([name, value]);
  }
  expect(options.parametrization).toBe(model.parametrization);
  expect(options.net).toBe(networkFor(given));
});

test('a link holds every setting', () => {
  const link = 'v=1&sigma=0.7&M=4&data=digits8&network=digits8&rate=0.01&every=20&exact=1&seed=8';
  const { query } = splitHash(encodeLink('train', schema, settings(link)));
  expect(settings(query)).toEqual(settings(link));
  expect(decodeLink(schema, 'v=1&batch=0&rate=nan').problem).toMatch(/batch=0, rate=nan/);
});

test('a difference is of the model, of the training, or none', () => {
  const begun = settings();
  const changed = (change: Partial<Settings>) => differences(begun, { ...begun, ...change });
  expect(changed({})).toEqual({ model: [], training: [] });
  expect(changed({ sigma: 0.7 }).model).toEqual(['σ̃ 0.5 → 0.7']);
  // Another member of the same class is the same model.
  expect(changed({ sigma: 1, M: 4 })).toEqual({ model: [], training: [] });
  expect(changed({ data: 'mnist' }).model).toHaveLength(2);
  expect(changed({ rate: 0.01, steps: 5 }).training).toEqual([
    'learning rate 0.001 → 0.01',
    'steps 2000 → 5',
  ]);
  // What Adam does not read, or what is only shown, changes nothing.
  expect(changed({ weightDecay: 0.1, exact: true, every: 7, walk: 9 })).toEqual(changed({}));
  expect(changed({ points: [[1, 2]] })).toEqual(changed({}));
  const drawn: Settings = { ...begun, target: 'points', points: [[1, 2]] };
  expect(differences(drawn, { ...drawn, points: [[1, 3]] }).model).toEqual(['what you drew']);
});

test('settings that are put back keep what is shown', () => {
  const begun = settings();
  const now: Settings = { ...begun, sigma: 2, seed: 4, every: 7, jumps: true };
  putBack(now, begun);
  expect(now).toEqual({ ...begun, every: 7, jumps: true });
});

test.each([
  [
    'step 3: the loss is NaN at learning rate 1.00; try a smaller learning rate, a longer warm-up or --clip 1',
    /warm-up or a largest gradient of 1$/,
  ],
  [
    'batch 4096 of 1×28×28 needs about 9 GB, 4 GB are free; use --batch 512, or --micro-batches 8',
    /use a batch of 512$/,
  ],
])('messages speak of controls: %s', (message, expected) => {
  expect(inWords(new Error(message))).toMatch(expected);
});

test('the command is said to make the losses of the page only where it does', () => {
  const begun = settings('steps=50');
  const course = { begun, file: undefined, mixed: false };
  expect(commandNote(undefined, begun)).toMatch(/will make, to rounding/);
  expect(commandNote(course, begun)).toMatch(/^Its losses are those of the page/);
  for (const [changed, now] of [
    [{ ...course, file: 'digits.onnx' }, begun],
    [course, { ...begun, rate: 0.01 }],
    [course, { ...begun, sigma: 0.9 }],
    [{ ...course, mixed: true }, begun],
  ] as const) {
    expect(commandNote(changed, now)).toMatch(/its losses are others/);
  }
  // What is only shown makes no difference.
  expect(commandNote(course, { ...begun, exact: true, every: 7 })).toMatch(/those of the page/);
});
