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
} from './objects.ts';
export { openStore } from './open.ts';
export type { Store } from './store.ts';
export { storeUnder } from './under.ts';
