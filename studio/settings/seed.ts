import type { SeedSetting } from './setting.ts';

/** Describes the seed, the same in every view and command. */
export const seedSetting: SeedSetting = {
  kind: 'seed',
  title: 'Seed',
  default: 0,
  option: 'seed',
  explain:
    'Decides every random number: the same seed and settings give the same chains, here and on the command line.',
};
