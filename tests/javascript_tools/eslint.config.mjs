// What `make lint` asks of the JavaScript of the package. Paths are those of the project.

import js from '@eslint/js';
import globals from 'globals';

const RUNNER = 'src/customdb_contract/bridges/node/runner/**/*.cjs';
const PARTS = 'src/customdb_contract/templates/databases/**/*.js';
const RENDERED = 'tests/javascript_tools/rendered/**/*.js';
const ACTIONS = 'src/customdb_contract/templates/action/**/*.js';
const PAGES = ['src/customdb_contract/reports/**/*.js', 'docs/_static/*.js'];
const TOOLS = ['tests/javascript_tools/*.cjs', 'tests/javascript_tools/*.mjs'];

// What Auth0 gives a database script beside Node's own globals.
const OF_AUTH0 = {
  UnauthorizedError: 'readonly',
  ValidationError: 'readonly',
  WrongUsernameOrPasswordError: 'readonly',
  configuration: 'readonly',
};

// Scripts may replace what these use unseen: see primordials.cjs.
const USED_UNSEEN = [
  { selector: 'BinaryExpression[operator="instanceof"]', message: 'Scripts can change it: use isInstance.' },
  { selector: 'ForOfStatement', message: 'Scripts can change iterators: use an index.' },
  { selector: 'ForInStatement', message: 'It finds what scripts add to Object.prototype: use keysOf.' },
  { selector: 'ArrayPattern', message: 'Scripts can change iterators: use an index.' },
  { selector: 'CallExpression > SpreadElement', message: 'Scripts can change iterators: use apply.' },
  { selector: 'NewExpression > SpreadElement', message: 'Scripts can change iterators: use an index.' },
  { selector: 'ArrayExpression > SpreadElement', message: 'Scripts can change iterators: use append.' },
  { selector: 'YieldExpression[delegate=true]', message: 'Scripts can change iterators.' },
];

// Modules of the runner all of whose code runs before any script is loaded, but for what they define.
const BEFORE_SCRIPTS = ['output', 'primordials', 'redirect'].map((name) => RUNNER.replace('**/*', name));

export default [
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  { ignores: ['**/node_modules/**', 'docs/_build/**'] },
  js.configs.recommended,
  {
    rules: {
      'array-callback-return': 'error',
      'consistent-return': 'off',
      curly: ['error', 'multi-line'],
      'default-case-last': 'error',
      eqeqeq: 'error',
      'no-else-return': 'error',
      'no-eval': 'error',
      'no-control-regex': 'off', // control characters are what some patterns look for
      'no-extend-native': 'error',
      'no-implicit-coercion': 'error',
      'no-implied-eval': 'error',
      'no-lonely-if': 'error',
      'no-new-func': 'error',
      'no-return-assign': 'error',
      'no-self-compare': 'error',
      'no-sequences': 'error',
      'no-shadow': 'error',
      'no-throw-literal': 'error',
      'no-unneeded-ternary': 'error',
      'no-unused-expressions': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'all' }],
      'no-use-before-define': ['error', { classes: false, functions: false, variables: false }],
      'no-useless-computed-key': 'error',
      'no-useless-rename': 'error',
      'no-useless-return': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'prefer-template': 'error',
      radix: 'error',
      yoda: 'error',
    },
  },
  {
    files: [RUNNER],
    languageOptions: { sourceType: 'commonjs', globals: globals.node },
    rules: { 'no-restricted-syntax': ['error', ...USED_UNSEEN], strict: ['error', 'global'] },
  },
  { files: BEFORE_SCRIPTS, rules: { 'no-restricted-syntax': 'off' } },
  {
    files: [PARTS, RENDERED],
    languageOptions: { sourceType: 'script', globals: { ...globals.node, ...OF_AUTH0, db: 'readonly' } },
    rules: { 'no-unused-vars': ['error', { vars: 'local', ignoreRestSiblings: true }] },
  },
  // The parts of a script are put into it when it is written, and refer to one another.
  { files: [PARTS], rules: { 'no-undef': 'off' } },
  { files: [RENDERED], rules: { 'no-shadow': 'off' } },
  { files: [ACTIONS], languageOptions: { sourceType: 'commonjs', globals: globals.node } },
  { files: PAGES, languageOptions: { sourceType: 'script', globals: globals.browser } },
  { files: TOOLS, languageOptions: { globals: globals.node } },
];
