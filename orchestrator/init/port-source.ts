/** How an app learns its port, told from its arguments and environment. Pure. */
import type { PortFrom } from '../../config/types.js';
import type { AppSpec } from '../pm2/spec.js';

const FLAG = /^--?[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/**
 * What holds the port's number: an argument (which programs put before the environment), else the
 * variable PORT, else one with PORT in its name. Null when neither does.
 */
export function portSource({ args, env }: AppSpec, port: number): PortFrom | null {
  const flag = flagWith(args, String(port));
  if (flag !== null) return { kind: 'arg', flag };
  const names = Object.keys(env).filter(
    (name) => env[name] === String(port) && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name),
  );
  const name = names.find((each) => each === 'PORT') ?? names.find((each) => /port/i.test(each));
  return name === undefined ? null : { kind: 'env', name };
}

/** The flag of `--port 1`, `--port=1`, or either inside one text as in `bash -c 'server --port 1'`. */
function flagWith(args: readonly string[], port: string): string | null {
  for (const [index, arg] of args.entries()) {
    const before = args[index - 1] ?? '';
    if (arg === port && FLAG.test(before)) return before;
    const named = /(?:^|\s)(--?[A-Za-z0-9][A-Za-z0-9_.-]*)(?:=|\s+)(\d+)(?=[\s;&|]|$)/g;
    for (const [, flag = '', value] of arg.matchAll(named)) if (value === port) return flag;
  }
  return null;
}
