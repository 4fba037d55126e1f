/** The documents that are made from the program, by their paths from the package's folder. */
import { cliPage } from './cli.js';
import { configurationPage } from './configuration.js';

export function madePages(): Readonly<Record<string, string>> {
  return {
    'docs/cli.md': cliPage(),
    'docs/configuration.md': configurationPage(),
  };
}
