export { createReferences, frechet, frechetName, type References } from '../distances.ts';
export {
  checkData,
  checkSamples,
  describeFindings,
  type Findings,
  type MetricName,
  measure,
  metricNames,
} from '../measure.ts';
export { evaluateModel, type ModelEvaluation } from './evaluate.ts';
export { type EvaluateDrawsOptions, evaluate } from './evaluate-draws.ts';
export {
  chooseFeatures,
  type FeatureName,
  featureNames,
  featuresFor,
  type OpenedFeatures,
  openFeatures,
} from './features.ts';
export { fetchInception } from './inception-file.ts';
export type { ModelEvaluationOptions } from './options.ts';
export { loadReference, type Reference, referenceFeatures } from './reference.ts';
export {
  evaluateSequences,
  SEQUENCES_FILE,
  sequencesIn,
} from './sequences/evaluation.ts';
export {
  prepareSequences,
  type SequenceFindings,
  type SequenceOptions,
  type SequenceSampling,
} from './sequences/samples.ts';
export { distanceEvaluator, watchDistance } from './training-distance.ts';
export { samplesEvaluator } from './training-samples.ts';
