/** How a command's action hands its work over: it is done, and its exit code kept (program.ts). */
import type { ExitCode } from './io.js';

export type Runner = (work: () => Promise<ExitCode>) => Promise<void>;
