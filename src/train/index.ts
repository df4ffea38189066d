export { exponentOf, LONGEST, powerAverage } from './averages.ts';
export { type Batches, type BatchOptions, createBatches } from './batches.ts';
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
export { learningRate, type TrainingConfig, trainingSchema } from './config.ts';
export { estimateCost, type TrainingCost } from './cost.ts';
export { measureDataScale } from './data-scale.ts';
export { adagrad, adam, muon, type Optimizer, optimizers } from './optimizers/index.ts';
export { type OuterVectors, outerStep } from './outer-step.ts';
export { type Profile, type Reconstruction, reconstruct } from './post-hoc.ts';
export { type Trained, type TrainOptions, train } from './train.ts';
export {
  checkpointVectors,
  createTrainer,
  type StepReport,
  type Trainer,
  type TrainerOptions,
} from './trainer.ts';
export { type ValidationOptions, validationLoss } from './validation.ts';
