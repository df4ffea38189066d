export { type DemoParts, demoPage, denoisingStrip } from './demo.ts';
export { describeBest, writeResults } from './paper-a/results.ts';
export { describeComparison, writeComparison } from './parametrizations/results.ts';
export { listRuns, type RunSummary } from './run/list-runs.ts';
export { type WrittenReport, writeReport } from './write.ts';
