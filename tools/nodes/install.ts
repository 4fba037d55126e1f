/** `npm run nodes`: puts the versions of Node where the tests find them, or those of `--only 22`. */
import { nodeArguments } from './arguments.js';
import { installNodes } from './nodes.js';

const { majors } = nodeArguments(process.argv.slice(2));
const nodes = await installNodes(majors);
process.stdout.write(`${nodes.map(({ version }) => version).join(', ')}\n`);
