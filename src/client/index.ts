export { type Client, type ClientOptions, createClient } from './client.ts';
export type { FollowOptions, JobProgress, SampledJump, SampleJob } from './job.ts';
export { ProblemError } from './problem.ts';
export type { JobDescription, ModelDescription, Problem, SampleRequest, Samples } from './types.ts';
