export type { WalksCost } from './paper-a/cost.ts';
export { estimatorNetworks, type PaperAOptions, paperA } from './paper-a/setup.ts';
export { entryNames } from './parametrizations/entries.ts';
export {
  compareParametrizations,
  type ParametrizationsOptions,
} from './parametrizations/setup.ts';
export { commandFiles, commandJob } from './remote/command.ts';
export { putDataset, type Remote } from './remote/pool.ts';
export { openRemoteWork, type RemoteWork } from './remote/work.ts';
export { parseShard, type Shard } from './shard.ts';
