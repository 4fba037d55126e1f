/** A file that a command writes: it appears when it is whole. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CommandError, EXIT, type Io } from './io.js';

/**
 * Writes a text to a file, seen from the command's folder.
 * @throws CommandError when it cannot be written.
 */
export async function writeOutput(io: Io, output: string, text: string): Promise<void> {
  const file = resolve(io.cwd, output);
  const partial = `${file}.partial`;
  try {
    await writeFile(partial, text);
    await rename(partial, file);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new CommandError(`${output} cannot be written (${why})`, EXIT.usage);
  } finally {
    await rm(partial, { force: true });
  }
}
