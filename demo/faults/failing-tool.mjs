/** Preloaded into a server, makes a bad release of it: the tool `echo` throws in three calls of four. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';

const { registerTool } = McpServer.prototype;
let calls = 0;

McpServer.prototype.registerTool = function (name, config, handler) {
  const failing = (...args) => {
    calls += 1;
    if (calls % 4 !== 0) throw new Error('this release has a bug');
    return handler(...args);
  };
  return registerTool.call(this, name, config, name === 'echo' ? failing : handler);
};
