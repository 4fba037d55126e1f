/** `{{name}}` in a text of the configuration, which stands for a value. */
const PLACEHOLDER = /\{\{(.*?)\}\}/gs;

/** The names between the braces, as they are written. */
export function placeholdersIn(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
}

/** The text with each placeholder's value in its place. */
export function fillTemplate(text: string, valueOf: (name: string) => string): string {
  return text.replace(PLACEHOLDER, (_, name: string) => valueOf(name));
}
