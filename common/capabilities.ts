/** MCP capabilities as flat names, so that two servers' can be compared. */

/** The names of capabilities: `tools`, and `tools.listChanged` where that is true. */
export function capabilityPaths(capabilities: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(capabilities).flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null) return value === true ? [name] : [];
    const flags = Object.entries(value).filter(([, flag]) => flag === true);
    return [name, ...flags.map(([flag]) => `${name}.${flag}`)];
  });
}
