import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Folders that must not know each other (docs/architecture.md): only `common` is for everybody. */
const walls = {
  common: ['config', 'orchestrator', 'proxy'],
  config: ['orchestrator', 'proxy'],
  proxy: ['orchestrator'],
  orchestrator: ['proxy'],
};

const wallRules = Object.entries(walls).map(([folder, forbidden]) => ({
  files: [`${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: forbidden.map((name) => ({
          regex: `^(\\.\\./)+${name}/`,
          message: `${folder}/ must not import from ${name}/: what two sides share lives in common/.`,
        })),
      },
    ],
    'no-console': 'error',
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
