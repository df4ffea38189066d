export {
  type Alphabet,
  allowsGaps,
  alphabetSchema,
  GAP,
  ownLetters,
  readingOf,
  sequencesOf,
  UNKNOWN_CODE,
  writeOneHot,
} from './alphabet.ts';
export { alphabets, findAlphabet, type Padding } from './alphabets.ts';
export { checkedDataset } from './checked.ts';
export { cifar10Classes } from './cifar10-batch.ts';
export { decodeCifar10 } from './cifar10-binary.ts';
export { decodeCifar10Pickle } from './cifar10-pickle.ts';
export {
  allocate,
  type Dataset,
  inMemory,
  largestOf,
  pick,
  readAll,
  readAllScaled,
  type Values,
} from './dataset.ts';
export { type DatasetFacts, datasetOf } from './dataset-of.ts';
export {
  blocksOf,
  type Examples,
  type ReadOptions,
  type Split,
} from './examples.ts';
export { hashDataset } from './hash.ts';
export { holdOut, validationStream } from './hold-out.ts';
export { decodeIdxBytes, type IdxArray } from './idx-decode.ts';
export { decodeNpy, type NpyArray, type NpyType } from './npy-decode.ts';
export { encodeNpy, type WritableNpyData } from './npy-encode.ts';
export {
  findNamedSet,
  type NamedSet,
  namedSet,
  namedSets,
  type SetFile,
  type SetPart,
} from './registry.ts';
export {
  decodeSafeTensors,
  encodeSafeTensors,
  type NamedArray,
  type SafeTensors,
} from './safetensors.ts';
export { sizeOf } from './shape.ts';
export { describeTaken } from './taken.ts';
