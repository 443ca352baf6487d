'use strict';

// The container: one Node process that runs the scripts of one database, one call after another, and tells over a
// socket of its own what each call did. What a script writes to standard output never reaches that socket.

const { AsyncLocalStorage, AsyncResource } = require('node:async_hooks');
const { isProxy } = require('node:util/types');
const vm = require('node:vm');
const primordials = require('./primordials.cjs');
const { authenticate, listen, mayEnd, send, stayAlive } = require('./control.cjs');
const { Call, callOf } = require('./call.cjs');
const { captureOutput } = require('./output.cjs');
const { causeOf } = require('./drivers.cjs');
const { read } = require('./attributes.cjs');
const { encodeThrown } = require('./encoding.cjs');
const { Items, quote } = require('./json.cjs');
const { GlobalWatch, dictionary, openSockets, watchRequests } = require('./observing.cjs');
const {
  Modules,
  UnauthorizedError,
  ValidationError,
  WrongUsernameOrPasswordError,
  makeConfiguration,
} = require('./contract.cjs');

const { SyntaxError, append, codeAt, defineProperty, hasOwn, indexOf, isInstance, isolate, keysOf } = primordials;
const { parse, slice, symbolDescription, symbolsOf, uncurry } = primordials;
const { setImmediate, setTimeout } = globalThis;

const IDLE_MILLISECONDS = 250;
const MOST_LATE = 500;
const MOST_LATE_CHARACTERS = 16_000_000;
const MOST_NOTES = 100;
const MOST_NOTE_CHARACTERS = 100_000;
const MOST_STACK = 20_000;
const MOST_DIGITS = 9;
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
const either = (name) => `typeof ${name} === 'function' ? ${name} :`;
const NAMED = NAMES.map((name) => `${either(name)} ${either(`${name}Async`)}`).join(' ');

const als = isolate(new AsyncLocalStorage());
const inScope = uncurry(AsyncResource.prototype.runInAsyncScope);
const runInThisContext = uncurry(vm.Script.prototype.runInThisContext);
const { Script } = vm;
const importModuleDynamically = vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;

const scripts = { __proto__: null };
let late = new Items(MOST_LATE, MOST_LATE_CHARACTERS);
let notes = new Items(MOST_NOTES, MOST_NOTE_CHARACTERS);
let current = null;
let globals = null;
let files = [];

const callNow = () => callOf(als.getStore()) ?? current;
const sink = { add: (json) => late.add(json) };

/** Sends what is new: the fields of a message as JSON, and what was seen of earlier calls since the last one. */
function tell(fields) {
  const news = `"late":${late.json},"notes":${notes.json}`;
  late = new Items(MOST_LATE, MOST_LATE_CHARACTERS);
  notes = new Items(MOST_NOTES, MOST_NOTE_CHARACTERS);
  send(fields === '' ? `{${news}}` : `{${fields},${news}}`);
}

function tellCalled(id, recorded) {
  send(`called {"id":${id},"arguments":${recorded}}`);
}

/** The place in a script that a stack names, as `file:line:column`. */
function locate(stack) {
  if (typeof stack !== 'string') return null;
  const text = slice(stack, 0, MOST_STACK);
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    const found = indexOf(text, '\n', start);
    end = found < 0 ? text.length : found;
    const place = placeIn(slice(text, start, end));
    if (place !== null) return place;
  }
  return null;
}

function placeIn(line) {
  for (let index = 0; index < files.length; index += 1) {
    const at = indexOf(line, `${files[index]}:`);
    const row = at < 0 ? '' : digits(line, at + files[index].length);
    if (row === '') continue;
    return `${files[index]}${row}${digits(line, at + files[index].length + row.length)}`;
  }
  return null;
}

/** A colon and the digits behind it, or nothing. */
function digits(text, start) {
  if (text[start] !== ':') return '';
  let end = start + 1;
  while (end < text.length && end - start <= MOST_DIGITS && isDigit(codeAt(text, end))) end += 1;
  return end > start + 1 ? slice(text, start, end) : '';
}

function isDigit(code) {
  return code >= 48 && code <= 57;
}

function open({ token, scripts: sources, configuration, folder, doubles }) {
  authenticate(token);
  const names = keysOf(sources);
  for (const name of names) append(files, sources[name].file);
  const modules = new Modules({ folder, doubles, als, note: (text) => notes.add(quote(text)) });
  const readOnly = makeConfiguration(configuration, (key) => callNow()?.notice('configuration-write', key));
  captureOutput(callNow);
  watchRequests(callNow);
  modules.defineImplicitGlobals((name) => callNow()?.notice('implicit-global', name));
  let opened = '';
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index];
    const { source, file } = sources[name];
    let problem = '';
    try {
      scripts[name] = evaluate(source, file, readOnly, (specifier) => modules.load(specifier, file));
    } catch (error) {
      problem = `"problem":${encodeThrown(error, locate)}`;
    }
    opened += `${index > 0 ? ',' : ''}${quote(name)}:{${problem}}`;
  }
  globals = new GlobalWatch();
  tell(`"opened":{${opened}}`);
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

function run({ id, script, arguments: given, context, throwing }) {
  const call = new Call(id, { locate, late: sink, throwing, onCalled: tellCalled, onEnd: finish });
  const passed = [];
  for (let index = 0; index < given.length; index += 1) append(passed, given[index]);
  if (context !== null) append(passed, context);
  append(passed, (...result) => call.called(result));
  current = call;
  call.given = given;
  call.keptBefore = dictionary(globals.keptBy(given));
  mayEnd();
  // In a scope of its own, for a script finds the resource in whose scope it runs.
  inScope(new AsyncResource('SCRIPT'), () => als.run(call.ticket, () => call.run(scripts[script], passed)));
}

function finish(call) {
  if (current !== call) return;
  current = null;
  stayAlive();
  globals.look();
  const kept = globals.keptBy(call.given);
  for (let index = 0; index < kept.length; index += 1) {
    if (!(kept[index] in call.keptBefore)) call.notice('kept-in-global', kept[index]);
  }
  const sockets = openSockets();
  if (sockets > 0) call.notice('open-sockets', `${sockets}`);
  tell(`"id":${call.id},"outcome":${call.close()}`);
}

/** What is late is told when the timers that are due have run. */
function onLine(line) {
  const message = parse(line);
  if (hasOwn(message, 'open')) open(message.open);
  else if (hasOwn(message, 'call')) run(message.call);
  else if (hasOwn(message, 'cancel')) current?.expire();
  else setImmediate(() => setImmediate(() => tell('')));
}

// Nothing is left that could ever call the callback: waiting for its time to be up would show nothing new.
process.on('beforeExit', () => {
  stayAlive();
  const call = current;
  if (call === null) return;
  setTimeout(() => {
    if (current !== call) return;
    call.notice('nothing-left', `${IDLE_MILLISECONDS}`);
    call.expire();
  }, IDLE_MILLISECONDS);
});

process.on('uncaughtException', (error, origin) => {
  const call = callOf(causeOf(error)) ?? callNow();
  call?.escaped(error, origin === 'unhandledRejection' ? 'rejection' : escapeOf(error));
});

process.on('unhandledRejection', (error) => {
  callNow()?.escaped(error, 'rejection');
});

process.on('exit', (code) => {
  const call = current;
  if (call === null) return;
  current = null;
  const cause = callNow();
  // What an earlier call has left behind may end the process, and with it the call that is under way.
  if (cause !== call) cause?.notice('process-ended', `exit code ${code}`);
  tell(`"id":${call.id},"outcome":${call.close('died')}`);
});

/** Node marks the error of an event `error` that nobody listens to. */
function escapeOf(error) {
  if (error === null || typeof error !== 'object') return 'later';
  if (read(error, 'code') === 'ERR_UNHANDLED_ERROR') return 'error-event';
  const symbols = isProxy(error) ? [] : symbolsOf(error);
  for (let index = 0; index < symbols.length; index += 1) {
    if (symbolDescription(symbols[index]) === 'kEnhanceStackBeforeInspector') return 'error-event';
  }
  return 'later';
}

// Events of the process arrive also where a script has replaced what all emitters inherit; and the runner's own
// modules are nothing that a script could require.
defineProperty(process, 'emit', { value: process.emit, writable: true, configurable: true });
for (const file of keysOf(require.cache)) delete require.cache[file];
module.children.length = 0;

listen(onLine);
