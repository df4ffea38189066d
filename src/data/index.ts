export { examplesFromArray } from './arrays.ts';
export { assetPath } from './assets.ts';
export { cacheFolder, locateSet, type SetLocation, setCacheFolder } from './cache.ts';
export { cifar10Examples } from './cifar10.ts';
export { cifar10Classes } from './cifar10-batch.ts';
export { decodeCifar10 } from './cifar10-binary.ts';
export { decodeCifar10Pickle } from './cifar10-pickle.ts';
export {
  type DatasetInfo,
  type DatasetValues,
  describeDataset,
  measureDataset,
} from './describe.ts';
export type { Examples, LoadProgress, ReadOptions, Split } from './examples.ts';
export { type Download, type DownloadOptions, downloadFile } from './fetch.ts';
export { type FileDigests, fileDigests, hashDataset } from './hash.ts';
export { decodeIdx, idxExamples, readIdx } from './idx.ts';
export type { IdxArray } from './idx-decode.ts';
export { imageFolderExamples } from './images.ts';
export {
  fetchInceptionWeights,
  hasInceptionWeights,
  inceptionWeights,
  inceptionWeightsPath,
  readInceptionWeights,
} from './inception-weights.ts';
export { type LoadOptions, loadDataset } from './load.ts';
export { readNpy, writeNpy } from './npy.ts';
export {
  decodeNpy,
  type NpyArray,
  type NpyType,
} from './npy-decode.ts';
export { encodeNpy, type WritableNpyData } from './npy-encode.ts';
export { decodeNpz, encodeNpz, type Npz, type NpzEntry, readNpz, writeNpz } from './npz.ts';
export {
  findNamedSet,
  type NamedSet,
  namedSet,
  namedSets,
  type SetFile,
  type SetPart,
} from './registry.ts';
export { alphabets, findAlphabet, type Padding } from './sequences/alphabets.ts';
export { isSequenceFile, sequenceExamples } from './sequences/examples.ts';
export { formatFasta, parseFasta } from './sequences/fasta.ts';
export { readText, type SequenceRecord } from './sequences/records.ts';
export {
  type DatasetListing,
  type FetchOptions,
  type FetchProgress,
  type FetchReport,
  type FileCheck,
  fetchDataset,
  listDatasets,
  type VerifyReport,
  verifyDataset,
} from './sets.ts';
