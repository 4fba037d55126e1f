/** `canary-orchestrator/config`: canary.yaml, read and checked (docs/library.md). */
export { findConfig, type FindRequest, type FindResult } from '../config/find.js';
export { configJsonSchema } from '../config/json-schema.js';
export { loadConfig, loadConfigText, type LoadResult } from '../config/load.js';
export { formatProblems, type FormatOptions, type Place, type Problem } from '../config/problem.js';
export { PROBLEM_CODES, type ProblemCode } from '../config/problem-codes.js';
export type * from '../config/types.js';
