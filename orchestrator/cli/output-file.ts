/** Files that a command writes, seen from its folder. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CommandError, EXIT, type Io } from './io.js';

/**
 * Writes a text to a file, which appears when it is whole.
 * @throws CommandError when it cannot be written.
 */
export async function writeOutput(io: Io, output: string, text: string): Promise<void> {
  const file = resolve(io.cwd, output);
  const partial = `${file}.partial`;
  try {
    await writeFile(partial, text);
    await rename(partial, file);
  } catch (error) {
    throw unwritable(output, error);
  } finally {
    await rm(partial, { force: true });
  }
}

/**
 * Writes a text to a file that is not there yet: what a person has made of one is kept.
 * @param remedy what to do about one that is there.
 * @throws CommandError when there is one, or it cannot be written.
 */
export async function writeNewOutput(
  io: Io,
  output: string,
  text: string,
  remedy: string,
): Promise<void> {
  const file = resolve(io.cwd, output);
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(output, error);
    throw new CommandError(`${file} is there already: ${remedy}`, EXIT.usage);
  }
}

function unwritable(output: string, error: unknown): CommandError {
  const why = (error as NodeJS.ErrnoException).code ?? String(error);
  return new CommandError(`${output} cannot be written (${why})`, EXIT.usage);
}
