/** Preloaded into a server, makes a bad release of it: its tools throw in three calls of four. */
import { McpServer as Legacy } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer as Modern } from '@modelcontextprotocol/server';

let calls = 0;

for (const { prototype } of [Legacy, Modern]) {
  const { registerTool } = prototype;
  prototype.registerTool = function (name, config, handler) {
    return registerTool.call(this, name, config, (...args) => {
      calls += 1;
      if (calls % 4 !== 0) throw new Error('this release has a bug');
      return handler(...args);
    });
  };
}
