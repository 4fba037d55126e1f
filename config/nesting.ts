/** How deep YAML text nests, measured before the parts of the parser that recurse see it. */
import { Parser, type CST, type LineCounter } from 'yaml';

/** canary.yaml itself needs seven levels. */
const MAX_DEPTH = 50;

/**
 * Where the text first nests too deeply, as an offset; null when it nowhere does. Such text must
 * not be composed: near the end of the stack V8 ends the process instead of throwing.
 * On the way the line counter learns where the lines begin.
 */
export function tooDeepAt(text: string, lineCounter: LineCounter): number | null {
  const open: { token: CST.Token; depth: number }[] = [];
  for (const token of new Parser(lineCounter.addNewLine).parse(text))
    open.push({ token, depth: 0 });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > MAX_DEPTH) return token.offset;
    for (const child of childrenOf(token)) open.push({ token: child, depth: depth + 1 });
  }
  return null;
}

function childrenOf(token: CST.Token): CST.Token[] {
  if ('items' in token)
    return token.items.flatMap(({ key, value }) => [key, value].filter(isToken));
  return 'value' in token && isToken(token.value) ? [token.value] : [];
}

function isToken(value: CST.Token | null | undefined): value is CST.Token {
  return value !== null && value !== undefined;
}
