/** The orchestrator's answers for a terminal (pure): names of tools, reasons, output of commands. Single lines: terminal/harmless.ts. */

/** Controls but line feed and tab, formatting (what turns the direction of text among it), lone surrogates. */
const CONTROL = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The same value, in whose texts no character is left that could steer a terminal: `?` is in its place. */
export function printable(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(CONTROL, '?');
  if (Array.isArray(value)) return value.map(printable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [printable(key) as string, printable(each)]),
  );
}
