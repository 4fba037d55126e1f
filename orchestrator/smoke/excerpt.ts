/** What servers send, as far as a person is shown it. */

const MAX_CHARS = 160;
const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** One line of at most 160 characters. */
export function excerpt(text: string): string {
  const line = text
    .slice(0, 4 * MAX_CHARS)
    .replaceAll(CONTROL, ' ')
    .trim();
  const chars = Array.from(line);
  return chars.length > MAX_CHARS || text.length > 4 * MAX_CHARS
    ? `${chars.slice(0, MAX_CHARS).join('')}...`
    : line;
}
