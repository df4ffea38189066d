export { changeable, changeRecord, type TrainingChange } from './change.ts';
export { densityHelp, loadDensity } from './density-file.ts';
export type { Best, Better } from './early-stopping.ts';
export type { EvaluationContext, Evaluator, Findings } from './evaluators.ts';
export {
  type EvaluationLine,
  type Metrics,
  readEvaluations,
  readMetrics,
} from './metrics-file.ts';
export { BOX_LIMIT, boxNames, boxPath, describeBox } from './model-box.ts';
export { findModel, folderOfModel, loadModel, locateModel } from './model-file.ts';
export { openModel } from './open-model.ts';
export {
  type NewRunOptions,
  type ResumeOptions,
  type RunOptions,
  resumeRun,
  startRun,
} from './run.ts';
export { dataOfRun } from './run-data.ts';
export {
  bestModelPath,
  type EvaluationRecord,
  hasRun,
  listCheckpoints,
  modelPath,
  type RunChange,
  type RunRecord,
  readRecord,
} from './run-directory.ts';
export {
  type AveragedRun,
  type AverageRunOptions,
  averageRun,
  listSnapshots,
} from './snapshots.ts';
export type { TensorBoardImage } from './tensorboard.ts';
export type { Progress, RunResult } from './training-loop.ts';
export { packageVersion, versions } from './versions.ts';
export { conditionOfChains, measurementsToWalk } from './walked-member.ts';
export { readWeights } from './weights-file.ts';
