import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Folders that must not know each other (docs/architecture.md): only `common` is for everybody. */
const walls = {
  common: ['config', 'orchestrator', 'proxy'],
  config: ['orchestrator', 'proxy'],
  proxy: ['orchestrator'],
  orchestrator: ['proxy'],
};

/** What the package does not ship: what it ships cannot need it. */
const unshipped = ['bench', 'demo', 'test', 'tools'];

function wallPatterns(folder) {
  return [
    ...walls[folder].map((name) => ({
      regex: `^(\\.\\./)+${name}/`,
      message: `${folder}/ must not import from ${name}/: what two sides share lives in common/.`,
    })),
    ...unshipped.map((name) => ({
      regex: `^(\\.\\./)+${name}/`,
      message: `${folder}/ must not import from ${name}/, which the package does not have.`,
    })),
    {
      regex: '^pm2(/|$)|/pm2/(amp|axon)\\.js$',
      message: 'PM2 is spoken to by orchestrator/pm2/adapter.ts alone, over its socket.',
    },
  ];
}

const wallRules = Object.keys(walls).map((folder) => ({
  files: [`${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': ['error', { patterns: wallPatterns(folder) }],
    'no-console': 'error',
  },
}));

/** The parts that decide, by folder: the same input gives the same answer. */
const pureParts = {
  config: ['calendar.ts'],
  proxy: [
    '{negotiated,route,split}.ts',
    'http1/{chunked-body,request-head,response-head,response-parser}.ts',
  ],
  orchestrator: [
    'contract/!(read).ts',
    'judge/**',
    'notify/{delivery,notification}.ts',
    'pm2/{clone,spec}.ts',
    'release/{dependencies,release}.ts',
    'rollout/decide/**',
    'rollout/{decision,drift,main-spec,observation,outdated-proxy,phase}.ts',
    'rollout/{requests,rollout,route,side-effects,witness}.ts',
    'runs/{decide,order,run,view}.ts',
    'schedule/{planner,request}.ts',
  ],
};

/** Modules that reach the world, Node's and ours. Their types reach nothing. */
const impurePatterns = [
  '^node:(child_process|dgram|dns|fs|http|https|net|os|process|timers|worker_threads)(/|$)',
  '/common/(clock|home|log|private-file|state-file|unix-http)\\.js$',
  '/(mcp|probe|store)/',
  '/pm2/(adapter|dump|ecosystem-file|refusal)\\.js$',
  '/proc/(?!instance\\.js$)',
].map((regex) => ({
  regex,
  allowTypeImports: true,
  message: 'This part is pure: what it needs of the world is given to it.',
}));

const pureRules = Object.entries(pureParts).map(([folder, files]) => ({
  files: files.map((file) => `${folder}/${file}`),
  rules: {
    'no-restricted-imports': ['error', { patterns: [...wallPatterns(folder), ...impurePatterns] }],
    'no-restricted-globals': [
      'error',
      'fetch',
      'performance',
      'process',
      'setInterval',
      'setTimeout',
    ],
    'no-restricted-properties': [
      'error',
      { object: 'Date', property: 'now', message: 'The time is given: nowMs.' },
      { object: 'Math', property: 'random', message: 'Randomness is given.' },
    ],
  },
}));

/** What the dashboard's page finds in a browser. */
const pageGlobals = Object.fromEntries(
  [
    'AbortController',
    'addEventListener',
    'document',
    'EventSource',
    'fetch',
    'getComputedStyle',
    'history',
    'localStorage',
    'location',
    'matchMedia',
    'Node',
    'queueMicrotask',
    'ResizeObserver',
    'sessionStorage',
    'setTimeout',
  ].map((name) => [name, 'readonly']),
);

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/prefer-nullish-coalescing': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      complexity: ['error', 14],
    },
  },
  ...wallRules,
  ...pureRules,
  {
    files: ['test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // expect.stringContaining and its like are any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: [
      '*.js',
      'test/fixtures/**/*.js',
      'test/fixtures/**/*.mjs',
      'demo/faults/*.mjs',
      'bench/faults/**/*.mjs',
    ],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        setInterval: 'readonly',
        setTimeout: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
      },
    },
  },
  {
    files: ['orchestrator/dashboard/page/*.js'],
    languageOptions: { globals: pageGlobals },
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      complexity: ['error', 14],
    },
  },
);
