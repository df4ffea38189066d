export { type Neighbour, nearestExamples } from './nearest.ts';
