export { type Batches, type BatchOptions, createBatches } from './batches.ts';
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
export { learningRate, type TrainingConfig, trainingSchema } from './config.ts';
export type { Dataset } from './dataset.ts';
export { adagrad, adam, type Optimizer, optimizers } from './optimizers/index.ts';
export {
  type NewRunOptions,
  type Progress,
  type RunOptions,
  type RunResult,
  resumeRun,
  startRun,
} from './run.ts';
export {
  hasRun,
  listCheckpoints,
  type Metrics,
  modelPath,
  type RunRecord,
  readMetrics,
  readRecord,
} from './run-directory.ts';
export {
  decodeSafeTensors,
  encodeSafeTensors,
  type NamedArray,
  type SafeTensors,
} from './safetensors.ts';
export { createTrainer, type StepReport, type Trainer, type TrainerOptions } from './trainer.ts';
