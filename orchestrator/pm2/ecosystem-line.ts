/** Where in an ecosystem file's text a key of an app's entry stands (pure). */
import { extname } from 'node:path';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Pair } from 'yaml';
import { escapeRegExp } from '../../common/escape-regexp.js';

export interface KeyPlace {
  readonly file: string;
  readonly text: string;
  readonly app: string;
  /** `script` or `env.KEY`. */
  readonly key: string;
}

/** The line, from 1; null when it is not found. */
export function lineOfKey(place: KeyPlace): number | null {
  return ['.json', '.yaml', '.yml'].includes(extname(place.file))
    ? lineInYaml(place)
    : lineInScript(place);
}

/** JSON is YAML. */
function lineInYaml({ text, app, key }: KeyPlace): number | null {
  const lines = new LineCounter();
  const { contents } = parseDocument(text, { lineCounter: lines });
  const apps = isMap(contents) ? contents.get('apps') : contents;
  const entry = isSeq(apps)
    ? apps.items.find((each) => isMap(each) && (each.get('name') as unknown) === app)
    : null;
  let at: unknown = entry;
  let pair: Pair | undefined;
  for (const part of key.split(/\.(.*)/s).filter(Boolean)) {
    if (!isMap(at)) return null;
    pair = at.items.find(({ key: name }) => isScalar(name) && name.value === part);
    at = pair?.value;
  }
  const start = isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  return start === undefined ? null : lines.linePos(start).line;
}

/** A script is read as text: the object literal around `name: 'APP'`, and the key in it. */
function lineInScript({ text, app, key }: KeyPlace): number | null {
  const name = new RegExp(`\\bname['"]?\\s*:\\s*(['"\`])${escapeRegExp(app)}\\1`).exec(text);
  if (name === null) return null;
  const [from, to] = literalAround(text, name.index);
  let at = from;
  for (const part of key.split(/\.(.*)/s).filter(Boolean)) {
    const wanted = new RegExp(`(?<![\\w$.-])['"]?${escapeRegExp(part)}['"]?\\s*:`);
    const found = wanted.exec(text.slice(at, to));
    if (found === null) return null;
    at += found.index;
  }
  return text.slice(0, at).split('\n').length;
}

/** From the brace that opens before a place to the one that closes after it. */
function literalAround(text: string, place: number): readonly [number, number] {
  let depth = 0;
  let from = place;
  while (from > 0 && depth < 1) {
    from -= 1;
    depth += { '{': 1, '}': -1 }[text[from] ?? ''] ?? 0;
  }
  let to = from;
  do {
    depth += to === from ? 0 : ({ '{': 1, '}': -1 }[text[to] ?? ''] ?? 0);
    to += 1;
  } while (to < text.length && depth > 0);
  return [from, to];
}
