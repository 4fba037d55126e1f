/** The JSON Schema that editors complete and check `canary.yaml` with. */
import { z } from 'zod';
import {
  CHECK_DEFAULTS,
  FILE_DEFAULTS,
  GROUP_DEFAULTS,
  NOTIFY_DEFAULTS,
  PREPARE_DEFAULTS,
  SCHEDULE_DEFAULTS,
  SERVICE_DEFAULTS,
} from './defaults.js';
import { wantedBy } from './issues.js';
import { fileSchema } from './schema.js';

/** The parts of a JSON Schema that this program walks. */
export interface JsonSchema {
  /** Which values are wanted, in the words that a wrong one is answered with. */
  title?: string;
  description?: string;
  type?: string | readonly string[];
  required?: readonly string[];
  examples?: readonly unknown[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  default?: unknown;
}

/** The file's JSON Schema (draft 7, the newest that editors' YAML plug-ins all know). */
export function configJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(fileSchema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // zod leaves these out of what it transforms; ours are of the text as written.
      const meta: Record<string, unknown> = z.globalRegistry.get(zodSchema) ?? {};
      if (Array.isArray(meta['examples'])) jsonSchema.examples = meta['examples'];
      if (typeof meta['default'] === 'string') jsonSchema.default = meta['default'];
      const wanted = jsonSchema.properties === undefined ? wantedOf(zodSchema) : '';
      if (wanted !== '') jsonSchema.title ??= wanted;
    },
  }) as JsonSchema;
  const { defaults, services } = schema.properties ?? {};
  for (const level of [defaults, services?.additionalProperties]) {
    if (typeof level === 'object') annotateSettings(level);
  }
  annotate(schema, FILE_DEFAULTS);
  annotateEach(schema.properties?.['groups'], GROUP_DEFAULTS);
  annotateEach(schema.properties?.['schedules'], SCHEDULE_DEFAULTS);
  annotate(schema.properties?.['notify']?.items ?? {}, NOTIFY_DEFAULTS);
  return { title: 'canary.yaml', ...schema };
}

/** The words for what is wanted, empty where nothing may stand as well. */
function wantedOf(schema: z.core.$ZodType): string {
  const { error } = z.safeParse(schema, undefined);
  const wanted = error?.issues.map(wantedBy).filter((text) => !text.startsWith('Invalid'));
  return wanted?.join(', or ') ?? '';
}

function annotateSettings(level: JsonSchema): void {
  annotate(level, SERVICE_DEFAULTS);
  const { checks, release } = level.properties ?? {};
  annotate(checks?.items ?? {}, CHECK_DEFAULTS);
  annotate(release?.properties?.['prepare']?.items ?? {}, PREPARE_DEFAULTS);
}

/** {@link annotate} for the items of a map with free names. */
function annotateEach(map: JsonSchema | undefined, table: Readonly<Record<string, unknown>>): void {
  const item = map?.additionalProperties;
  if (typeof item === 'object') annotate(item, table);
}

/** Writes each default of the table at its key. */
function annotate(schema: JsonSchema, table: Readonly<Record<string, unknown>>): void {
  for (const branch of [schema, ...(schema.anyOf ?? [])]) {
    for (const [key, value] of Object.entries(table)) {
      const property = branch.properties?.[key];
      if (property === undefined) continue;
      if (isTable(value) && Object.keys(value).length > 0) annotate(property, value);
      else property.default = value;
    }
  }
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
