/** Which parts of the file may be shown: what stands under an `env` key or where a secret belongs may not. */

/** Keys whose values are or may be secrets: somebody may have written the secret where its place is wanted. */
export const SECRET_KEYS: ReadonlySet<PropertyKey> = new Set([
  'canaryEnv',
  'env',
  'secret',
  'slack',
  'webhook',
]);

/** Any of them at the end of a key, also of one that is misspelt in front. */
const SECRET_KEY = new RegExp(`(?:${[...SECRET_KEYS].map(String).join('|')})["']?\\s*:`, 'i');
const HIDDEN = '***';

/**
 * The lines as they may be shown: an environment's variables keep their names and lose their
 * values. It goes by the text's indentation, not by the parsed document, since it must also hold
 * for text that does not parse; where in doubt it hides.
 */
export function hideSecrets(lines: readonly string[]): string[] {
  let block: { indent: number; childIndent: number | null } | null = null;
  return lines.map((line) => {
    const indent = line.search(/\S/);
    if (indent < 0) return line;
    if (block !== null && (indent > block.indent || line.slice(0, indent).includes('\t'))) {
      block.childIndent ??= indent;
      return indent === block.childIndent ? hideAfterColon(line) : HIDDEN;
    }
    block = null;
    const key = SECRET_KEY.exec(line);
    if (key === null) return line;
    block = { indent, childIndent: null };
    return hideRest(line, key.index + key[0].length);
  });
}

/** Only `NAME: value` keeps its name; a value in braces or one that goes on has none to show. */
function hideAfterColon(line: string): string {
  const name = /^\s*["']?[A-Za-z0-9_.-]+["']?\s*:(?=\s|$)/.exec(line);
  return name === null ? HIDDEN : hideRest(line, name[0].length);
}

function hideRest(line: string, from: number): string {
  return line.slice(from).trim() === '' ? line : `${line.slice(0, from)} ${HIDDEN}`;
}
