'use strict';

// The container of a custom database: its scripts are functions that call back.

/**
 * @typedef {object} Order
 * @property {Record<string, { source: string, file: string }>} scripts
 * @property {object} configuration
 * @property {string | null} folder
 * @property {Record<string, string>} doubles
 * @property {Record<string, import('./connections.cjs').Route>} hosts
 */

/**
 * @typedef {object} CallOrder
 * @property {number} id
 * @property {string} script
 * @property {unknown[]} arguments
 * @property {object | null} context
 * @property {boolean} throwing
 */

/**
 * A call with a copy of its arguments, to see later what it has changed.
 * @typedef {object} Watched
 * @property {unknown[]} given
 * @property {unknown} context
 * @property {string[]} before
 * @property {Record<string, boolean>} keptBefore
 *
 * @typedef {InstanceType<typeof ScriptCall> & Watched} WatchedCall
 */

const vm = require('node:vm');
const primordials = require('./primordials.cjs');
const { als, begin, callNow, finish, know, locate, note, serve, sink } = require('./container.cjs');
const { ScriptCall } = require('./script_call.cjs');
const { Budget, encode, encodeThrown } = require('./encoding.cjs');
const { quote } = require('./json.cjs');
const { leadHosts } = require('./hosts.cjs');
const { send } = require('./control.cjs');
const { GlobalWatch, keyed, openSockets } = require('./observing.cjs');
const {
  Modules,
  UnauthorizedError,
  ValidationError,
  WrongUsernameOrPasswordError,
  makeConfiguration,
} = require('./contract.cjs');

const { Error, SyntaxError, append, dictionary, isInstance, keysOf, replace, uncurry } = primordials;

const NAMES = [
  'login',
  'getUser',
  'create',
  'verify',
  'changePassword',
  'changeEmail',
  'deleteUser',
  'getByEmail',
  'loginByEmail',
  'remove',
];
const SURROUNDING =
  'module, exports, configuration, require, WrongUsernameOrPasswordError, ValidationError, UnauthorizedError';
const ADVICE = { table: 'database', otherwise: ', or give a double of it ([database] doubles)' };
/** @type {(name: string) => string} */
const either = (name) => `typeof ${name} === 'function' ? ${name} :`;
const NAMED = NAMES.map((name) => `${either(name)} ${either(`${name}Async`)}`).join(' ');

const runInThisContext = uncurry(vm.Script.prototype.runInThisContext);
const { Script } = vm;
const importModuleDynamically = vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;

/** @type {Record<string, Function>} */
const scripts = dictionary();
/** @type {Record<string, string>} */
const files = dictionary();
/** @type {InstanceType<typeof GlobalWatch>} */
let globals;

/** @type {(id: number, recorded: string) => void} */
function tellCalled(id, recorded) {
  send(`called {"id":${id},"arguments":${recorded}}`);
}

/** @type {(order: Order) => string} */
function open({ scripts: sources, configuration, folder, doubles, hosts }) {
  const names = keysOf(sources);
  leadHosts(hosts, callNow);
  for (let index = 0; index < names.length; index += 1) know(sources[names[index]].file);
  const modules = new Modules({ folder, doubles, als, note, advice: ADVICE });
  const readOnly = makeConfiguration(configuration, {
    onWrite: (key) => callNow()?.notice('configuration-write', key),
    onMissing: (key) => callNow()?.notice('missing-configuration', `${key} ${placeNow()}`),
  });
  modules.defineImplicitGlobals((name) => callNow()?.notice('implicit-global', name));
  let opened = '';
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index];
    const { source, file } = sources[name];
    files[name] = file;
    let problem = '';
    try {
      scripts[name] = evaluate(source, file, readOnly, (specifier) => modules.load(specifier, file));
    } catch (error) {
      problem = `"problem":${encodeThrown(error, locate)}`;
    }
    opened += `${index > 0 ? ',' : ''}${quote(name)}:{${problem}}`;
  }
  globals = new GlobalWatch();
  return `{${opened}}`;
}

/** The current location of a script, as `file:line:column`. */
function placeNow() {
  try {
    return locate(new Error().stack) ?? '';
  } catch {
    // The script has changed how stacks are created.
    return '';
  }
}

/**
 * The function of a script: an expression, as at Auth0, or else what its text leaves behind.
 * @type {(source: string, file: string, configuration: object, require: (specifier: unknown) => unknown) => Function}
 */
function evaluate(source, file, configuration, require) {
  /** @type {(body: string) => Function} */
  const compile = (body) => {
    const options = { __proto__: null, filename: file, lineOffset: -1, importModuleDynamically };
    return runInThisContext(new Script(`(function (${SURROUNDING}) { ${body}\n})`, options));
  };
  let compiled;
  try {
    compiled = compile(`return (\n${source}\n)`);
  } catch (error) {
    if (!isInstance(error, SyntaxError)) throw error;
    compiled = compile(`\n${source}\n;return ${NAMED} module.exports`);
  }
  const module = { exports: {} };
  const errors = [WrongUsernameOrPasswordError, ValidationError, UnauthorizedError];
  const found = compiled(module, module.exports, configuration, require, errors[0], errors[1], errors[2]);
  const script = typeof found === 'function' ? found : module.exports;
  if (typeof script !== 'function') {
    const error = new SyntaxError('the source is not a function');
    replace(error, 'stack', `${file}:1`);
    throw error;
  }
  return script;
}

/** @type {(order: CallOrder) => void} */
function call({ id, script, arguments: given, context, throwing }) {
  const told = { late: sink, onCalled: tellCalled, onEnd: finish };
  const made = new ScriptCall(id, { file: files[script], locate, throwing, ...told });
  /** @type {unknown[]} */
  const passed = [];
  for (let index = 0; index < given.length; index += 1) append(passed, given[index]);
  if (context !== null) append(passed, context);
  append(passed, (/** @type {unknown[]} */ ...result) => made.called(result));
  replace(made, 'given', given);
  replace(made, 'context', context);
  replace(made, 'before', [shown(given[0]), shown(context)]);
  replace(made, 'keptBefore', keyed(globals.keptBy(given)));
  begin(made, () => made.run(scripts[script], passed));
}

/**
 * An object as text, to see later whether it is unchanged; strings cannot be changed.
 * @type {(value: unknown) => string}
 */
function shown(value) {
  return typeof value === 'object' ? encode(value, locate, new Budget()) : '';
}

/** @type {(made: WatchedCall) => void} */
function look(made) {
  if (shown(made.given[0]) !== made.before[0]) made.notice('argument-changed', 'user');
  if (shown(made.context) !== made.before[1]) made.notice('argument-changed', 'context');
  globals.look();
  const kept = globals.keptBy(made.given);
  for (let index = 0; index < kept.length; index += 1) {
    if (!(kept[index] in made.keptBefore)) made.notice('kept-in-global', kept[index]);
  }
  const sockets = openSockets();
  if (sockets > 0) made.notice('open-sockets', `${sockets}`);
}

serve({ open, call, look, outcome: 'outcome', hasLateEvents: true, renew: null });
