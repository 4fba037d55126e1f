/** docs/configuration.md: every key of `canary.yaml`, from the JSON Schema that editors use. */
import { configJsonSchema, type JsonSchema } from '../../config/json-schema.js';
import { anchor, code, MADE, page, table } from './markdown.js';

const HEAD = `# canary.yaml

It is looked for at \`--config\`, \`$CANARY_CONFIG\`, \`./canary.yaml\`, and in the state folder (\`~/.canary\`). \`canary init\` writes a first one, \`canary validate\` checks it, and
[config/canary.yaml](../config/canary.yaml) shows every key in its place. The least that there can be:

\`\`\`yaml
services:
  mcp-search:
    listen: 8090 # where agents connect
    stable: 8091 # where main listens
    canary: 8092 # where the canary will listen
\`\`\`

**In an editor.** \`canary init\` begins the file with the line that editors with the YAML language server look for; it names the schema in the installed package. With
\`canary schema > canary.schema.json\` and this line it is a file of your own:

\`\`\`yaml fragment
# yaml-language-server: $schema=./canary.schema.json
\`\`\`

**Who decides.** A setting comes from the first of these that has it: the service, the file's \`defaults\`, the defaults below. Maps such as \`limits\` are laid over each other key
by key, lists are replaced as a whole. \`steps\` on the one side, and \`weight\` and \`window\` on the other replace each other: the level nearest to the service decides.

**Units.** Durations: \`500ms\`, \`90s\`, \`30m\`, \`1h30m\`, \`2d\`. Sizes: kB, MB, GB count in 1000s, KiB, MiB, GiB and the bare K, M, G in 1024s, as in PM2. Ratios: \`10%\` or
\`0.1\`. Addresses: \`8080\` is \`127.0.0.1:8080\`; \`0.0.0.0:8080\` and \`[::1]:8080\` say more.

What is wrong with a file is told with its place and a code: [errors.md](errors.md).`;

/** The page. */
export function configurationPage(): string {
  const schema = configJsonSchema();
  const { defaults, services, ...others } = schema.properties ?? {};
  const service = mapOf(services);
  const settings = Object.keys(defaults?.properties ?? {});
  const isSetting = ([key]: Entry): boolean => settings.includes(key);
  const entries = Object.entries(service.properties ?? {});
  const own = entries.filter((entry) => !isSetting(entry));
  return page(
    MADE,
    HEAD,
    ...section('services.NAME', { ...service, properties: Object.fromEntries(own) }),
    '## `defaults` and `services.NAME`',
    'Each of these may stand in a service, and in `defaults` for all of them.',
    keys({ ...service, properties: Object.fromEntries(entries.filter(isSetting)) }),
    ...entries.filter(isSetting).flatMap(([key, value]) => below(key, value)),
    '## The rest of the file',
    keys({ ...schema, properties: others }),
    ...Object.entries(others).flatMap(([key, value]) => below(key, value)),
  );
}

type Entry = readonly [key: string, schema: JsonSchema];

/** The heading and table of a map, and those of the maps in it. */
function section(path: string, schema: JsonSchema): string[] {
  const inner = Object.entries(schema.properties ?? {});
  return [
    `${'#'.repeat(path === 'services.NAME' ? 2 : 3)} ${code(path)}`,
    keys(schema, `${path}.`),
    ...inner.flatMap(([key, value]) => below(`${path}.${key}`, value)),
  ];
}

/** The sections of the maps that a key's value is made of, if any. */
function below(path: string, schema: JsonSchema): string[] {
  const named = mapOf(schema);
  if (named.properties !== undefined) return section(`${path}.NAME`, named);
  const { items } = [schema, ...(schema.anyOf ?? [])].find((each) => each.items) ?? {};
  if (items !== undefined) return below(`${path}[]`, items);
  const map = [schema, ...(schema.anyOf ?? [])].find((each) => each.properties);
  return map === undefined ? [] : section(path, map);
}

/** What a map with free names holds. */
function mapOf(schema: JsonSchema | undefined): JsonSchema {
  const item = schema?.additionalProperties;
  return typeof item === 'object' ? item : {};
}

function keys({ properties = {}, required = [] }: JsonSchema, path = ''): string {
  const rows = Object.entries(properties).map(([key, schema]) => [
    code(key),
    `${schema.description ?? ''}${required.includes(key) ? ' **Required.**' : ''}`,
    valueOf(`${path}${key}`, schema),
    defaultOf(schema),
  ]);
  return table(['key', 'what', 'value', 'default'], rows);
}

/** What may be written; of a map, where its keys are told. */
function valueOf(path: string, schema: JsonSchema): string {
  const words = (schema.anyOf ?? [schema]).map((branch) => {
    const text = branch.title ?? (branch.properties ? 'a map of keys' : String(branch.type));
    if (branch.properties) return `[${text}](#${anchor(path)})`;
    return mapOf(branch).properties ? `[${text}](#${anchor(`${path}.NAME`)})` : text;
  });
  const text = words.join('; or ');
  const [example] = schema.examples ?? schema.items?.examples ?? [];
  const shown = typeof example === 'string' ? example : JSON.stringify(example);
  return example === undefined || text.includes(shown) ? text : `${text}, such as ${code(shown)}`;
}

function defaultOf(schema: JsonSchema): string {
  const values = [schema, ...(schema.anyOf ?? [])].map((each) => each.default);
  const value = values.find((each) => each !== undefined);
  if (value === undefined) return '';
  return code(typeof value === 'string' ? value : JSON.stringify(value));
}
