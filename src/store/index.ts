export {
  decodeJson,
  encodeJson,
  type FileReference,
  fileOf,
  getObject,
  hashOf,
  identityOf,
  putFile,
  putObject,
  removeObject,
  touchObject,
} from './objects.ts';
export { openStore } from './open.ts';
export type { Store } from './store.ts';
export { keepYoung, sweepStore } from './sweep.ts';
export { storeUnder } from './under.ts';
