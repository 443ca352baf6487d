'use strict';

// The container of a custom database: its scripts are functions that call back.

const vm = require('node:vm');
const primordials = require('./primordials.cjs');
const { als, begin, callNow, finish, know, locate, note, serve, sink } = require('./container.cjs');
const { ScriptCall } = require('./script_call.cjs');
const { Budget, encode, encodeThrown } = require('./encoding.cjs');
const { quote } = require('./json.cjs');
const { leadHosts } = require('./hosts.cjs');
const { send } = require('./control.cjs');
const { GlobalWatch, dictionary, openSockets } = require('./observing.cjs');
const {
  Modules,
  UnauthorizedError,
  ValidationError,
  WrongUsernameOrPasswordError,
  makeConfiguration,
} = require('./contract.cjs');

const { Error, SyntaxError, append, defineProperty, isInstance, keysOf, uncurry } = primordials;

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
const either = (name) => `typeof ${name} === 'function' ? ${name} :`;
const NAMED = NAMES.map((name) => `${either(name)} ${either(`${name}Async`)}`).join(' ');

const runInThisContext = uncurry(vm.Script.prototype.runInThisContext);
const { Script } = vm;
const importModuleDynamically = vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;

const scripts = { __proto__: null };
const files = { __proto__: null };
let globals = null;

function tellCalled(id, recorded) {
  send(`called {"id":${id},"arguments":${recorded}}`);
}

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

/** Where a script is now, as `file:line:column`. */
function placeNow() {
  try {
    return locate(new Error().stack) ?? '';
  } catch {
    // The script has changed how stacks are made.
    return '';
  }
}

/** The function that a script is: an expression, as Auth0 takes it, or else what its text leaves behind. */
function evaluate(source, file, configuration, require) {
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
    const error = new SyntaxError('the source is no function');
    defineProperty(error, 'stack', { __proto__: null, value: `${file}:1` });
    throw error;
  }
  return script;
}

function call({ id, script, arguments: given, context, throwing }) {
  const told = { late: sink, onCalled: tellCalled, onEnd: finish };
  const made = new ScriptCall(id, { file: files[script], locate, throwing, ...told });
  const passed = [];
  for (let index = 0; index < given.length; index += 1) append(passed, given[index]);
  if (context !== null) append(passed, context);
  append(passed, (...result) => made.called(result));
  made.given = given;
  made.context = context;
  made.before = [shown(given[0]), shown(context)];
  made.keptBefore = dictionary(globals.keptBy(given));
  begin(made, () => made.run(scripts[script], passed));
}

/** An object as text, to see later whether it is still the same; texts cannot be changed. */
function shown(value) {
  return typeof value === 'object' ? encode(value, locate, new Budget()) : '';
}

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

serve({ open, call, look, outcome: 'outcome' });
