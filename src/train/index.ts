export { type Batches, type BatchOptions, createBatches } from './batches.ts';
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
export { learningRate, type TrainingConfig, trainingSchema } from './config.ts';
export {
  allocate,
  type Dataset,
  inMemory,
  pick,
  readAll,
  readAllScaled,
  type Values,
} from './dataset.ts';
export type { Best, Better } from './early-stopping.ts';
export type { EvaluationContext, Evaluator, Findings } from './evaluation.ts';
export { holdOut } from './hold-out.ts';
export {
  type EvaluationLine,
  type Metrics,
  readEvaluations,
  readMetrics,
} from './metrics-file.ts';
export { adagrad, adam, type Optimizer, optimizers } from './optimizers/index.ts';
export { type NewRunOptions, type RunOptions, resumeRun, startRun } from './run.ts';
export {
  bestModelPath,
  type EvaluationRecord,
  hasRun,
  listCheckpoints,
  modelPath,
  type RunRecord,
  readRecord,
} from './run-directory.ts';
export {
  decodeSafeTensors,
  encodeSafeTensors,
  type NamedArray,
  type SafeTensors,
} from './safetensors.ts';
export type { TensorBoardImage } from './tensorboard.ts';
export { createTrainer, type StepReport, type Trainer, type TrainerOptions } from './trainer.ts';
export type { Progress, RunResult } from './training-loop.ts';
export { type ValidationOptions, validationLoss } from './validation.ts';
