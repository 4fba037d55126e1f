/** What a server promises its clients: everything about it that a client can have come to rely on. */

/** The hints of a tool, with MCP's defaults filled in. */
export interface ToolHints {
  readonly readOnly: boolean;
  readonly destructive: boolean;
  readonly idempotent: boolean;
  readonly openWorld: boolean;
}

export interface ToolPromise {
  readonly name: string;
  readonly description: string;
  readonly input: unknown;
  /** Null without one. */
  readonly output: unknown;
  readonly hints: ToolHints;
}

export interface PromptPromise {
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly { readonly name: string; readonly required: boolean }[];
}

/** A resource by its URI, or a template by its URI template. */
export interface ResourcePromise {
  readonly uri: string;
  readonly mimeType: string | null;
}

export interface Contract {
  readonly server: string;
  readonly version: string;
  /** Every protocol revision that it speaks. */
  readonly revisions: readonly string[];
  /** As paths: `tools`, `resources.subscribe`. */
  readonly capabilities: readonly string[];
  readonly tools: readonly ToolPromise[];
  readonly prompts: readonly PromptPromise[];
  readonly resources: readonly ResourcePromise[];
  readonly templates: readonly ResourcePromise[];
}

/** One difference between main's contract and the canary's. */
export interface ContractChange {
  /** `tool search`, `prompt greet`, `resource file:///a`, `template db://{id}`, `server tools`. */
  readonly about: string;
  readonly text: string;
  /** A client that relies on main's contract can fail on the canary. */
  readonly breaking: boolean;
}
