export * from '../index.ts';
export { examplesFromArray } from './arrays.ts';
export { assetPath } from './assets.ts';
export { cacheFolder, locateSet, type SetLocation, setCacheFolder } from './cache.ts';
export { cifar10Examples } from './cifar10.ts';
export {
  type DatasetInfo,
  type DatasetValues,
  describeDataset,
  measureDataset,
} from './describe.ts';
export { type Download, type DownloadOptions, downloadFile, headOf } from './fetch.ts';
export { type FileDigests, fileDigests } from './file-digests.ts';
export { decodeIdx, idxExamples, readIdx } from './idx.ts';
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
export { decodeNpz, encodeNpz, type Npz, type NpzEntry, readNpz, writeNpz } from './npz.ts';
export { sequenceExamples } from './sequences/examples.ts';
export { formatFasta, parseFasta } from './sequences/fasta.ts';
export { isSequenceFile } from './sequences/formats.ts';
export { readText, type SequenceRecord } from './sequences/records.ts';
export {
  type DatasetListing,
  type FetchOptions,
  type FetchReport,
  type FileCheck,
  fetchDataset,
  listDatasets,
  type VerifyReport,
  verifyDataset,
} from './sets.ts';
export { type DecodedWeights, decodeWeights, readWeightsFile } from './weights-file.ts';
