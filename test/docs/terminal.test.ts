import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeCaptures, type Captures } from '../../demo/captures.js';
import { terminalSvg } from '../../demo/terminal-svg.js';
import { runCli } from '../../orchestrator/cli/program.js';

const docs = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

const zone = process.env['TZ'];
let captures: Captures;

beforeAll(async () => {
  process.env['TZ'] = 'UTC';
  captures = await takeCaptures();
});
afterAll(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

describe('docs/terminal.md', () => {
  it('shows what the commands print', () => {
    const shown = [...docs('terminal.md').matchAll(/<!-- capture: (\S+) -->\n```\n([^]*?)\n```/g)];
    expect(shown.map(([, name]) => name)).toEqual([...captures.texts.keys()]);
    for (const [, name, text] of shown) expect(text).toBe(captures.texts.get(name!));
  });

  it('has a picture of the screen as it is', () => {
    expect(docs('images/terminal-watch.svg')).toBe(terminalSvg(captures.screen, 80));
  });

  it('names commands and options that there are', async () => {
    const lines = [...docs('terminal.md').matchAll(/(?:^|`|\()canary (\w+)([^`\n|>]*)/gm)];
    expect(lines.length).toBeGreaterThan(10);
    for (const [, verb, rest] of lines) {
      const help: string[] = [];
      const out = (text: string) => help.push(text);
      const io = { out, err: out, env: {}, cwd: '/', color: false };
      expect(await runCli([verb!, '--help'], io), verb).toBe(0);
      const options = rest!.match(/--[a-z]+/g) ?? [];
      for (const option of options.filter((each) => each !== '--body')) {
        expect(help.join('\n'), `${verb} ${option}`).toContain(option);
      }
    }
  });
});
