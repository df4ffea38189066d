/** What client and server say to each other, from the server's OpenAPI document. */
import type { components } from './schema.ts';

/** A request: the options of `mdensity sample`. */
export type SampleRequest = components['schemas']['SampleRequest'];
/** How far a job is. */
export type JobDescription = components['schemas']['Job'];
/** Samples of a job, `data` of `shape` [chains, jumps, ...example]. */
export type Samples = components['schemas']['Samples'];
/** A model of the server. */
export type ModelDescription = components['schemas']['Models']['models'][number];
/** A problem document (RFC 9457). */
export type Problem = components['schemas']['Problem'];
