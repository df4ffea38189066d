export { connectQueue, type QueueConnection } from './connect.ts';
export { idOf, type Job, type JobResult, type KeptResult, resultKey } from './job.ts';
export { createPartReader, type PartReader } from './parts.ts';
export { keepResults } from './retention.ts';
export { serveJobs, type Task } from './serve-jobs.ts';
export { openSubmitter, type Submitter } from './submit.ts';
