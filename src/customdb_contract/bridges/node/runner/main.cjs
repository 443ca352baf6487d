'use strict';

// The container: one Node process that runs the scripts of one database, one call after another, and tells over a
// socket of its own what each call did. What a script writes to standard output never reaches that socket.

const { AsyncLocalStorage } = require('node:async_hooks');
const fs = require('node:fs');
const net = require('node:net');
const vm = require('node:vm');
const { Call } = require('./call.cjs');
const { captureOutput } = require('./output.cjs');
const { causeOf } = require('./drivers.cjs');
const { encodeThrown } = require('./encoding.cjs');
const { GlobalWatch, openSockets, watchRequests } = require('./observing.cjs');
const {
  Modules,
  UnauthorizedError,
  ValidationError,
  WrongUsernameOrPasswordError,
  makeConfiguration,
} = require('./contract.cjs');

// Scripts may look at the arguments too, and are not to find the socket there.
const CONTROL = Number(process.argv.pop());
const IDLE_MILLISECONDS = 250;
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

const als = new AsyncLocalStorage();
const control = new net.Socket({ fd: CONTROL, readable: true, writable: true });
const scripts = new Map();
const late = [];
const notes = [];
let token = '';
let current = null;
let globals = null;
let files = [];

const callNow = () => als.getStore() ?? current;

function tell(message) {
  control.write(`${token} ${JSON.stringify({ ...message, late: late.splice(0), notes: notes.splice(0) })}\n`);
}

/** The place in a script that a stack names, as `file:line:column`. */
function locate(stack) {
  if (typeof stack !== 'string') return null;
  for (const line of stack.split('\n')) {
    for (const file of files) {
      const at = line.indexOf(`${file}:`);
      if (at < 0) continue;
      const [, row, column] = /^:(\d+):?(\d+)?/.exec(line.slice(at + file.length)) ?? [];
      if (row) return column ? `${file}:${row}:${column}` : `${file}:${row}`;
    }
  }
  return null;
}

function open({ token: given, scripts: sources, configuration, folder, doubles }) {
  token = given;
  files = Object.values(sources).map(({ file }) => file);
  const modules = new Modules({ folder, doubles, als, note: (text) => notes.push(text) });
  const shared = {
    configuration: makeConfiguration(configuration, (key) => callNow()?.notice('configuration-write', key)),
    WrongUsernameOrPasswordError,
    ValidationError,
    UnauthorizedError,
  };
  captureOutput(callNow);
  watchRequests(callNow);
  modules.defineImplicitGlobals((name) => callNow()?.notice('implicit-global', name));
  const opened = {};
  for (const [name, { source, file }] of Object.entries(sources)) {
    try {
      const script = evaluate(source, file, { ...shared, require: (specifier) => modules.load(specifier, file) });
      scripts.set(name, script);
      opened[name] = {};
    } catch (error) {
      opened[name] = { problem: encodeThrown(error, locate) };
    }
  }
  globals = new GlobalWatch();
  tell({ opened });
}

/** The function that a script is: an expression, as Auth0 takes it, or else what its text leaves behind. */
function evaluate(source, file, surrounding) {
  const module = { exports: {} };
  const names = ['module', 'exports', ...Object.keys(surrounding)];
  const values = [module, module.exports, ...Object.values(surrounding)];
  const importModuleDynamically = vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  const compile = (body) =>
    new vm.Script(`(function (${names.join(', ')}) { ${body}\n})`, {
      filename: file,
      lineOffset: -1,
      importModuleDynamically,
    }).runInThisContext();
  let compiled;
  try {
    compiled = compile(`return (\n${source}\n)`);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const named = NAMES.map((name) => `typeof ${name} === 'function' ? ${name} : typeof ${name}Async === 'function' ? ${name}Async :`);
    compiled = compile(`\n${source}\n;return ${named.join(' ')} module.exports`);
  }
  const found = compiled(...values);
  const script = typeof found === 'function' ? found : module.exports;
  if (typeof script !== 'function') {
    const error = new SyntaxError('the source is no function');
    error.stack = `${file}:1`;
    throw error;
  }
  return script;
}

function run({ id, script, arguments: given, context, throwing }) {
  const call = new Call(id, script, { locate, late, throwing, onEnd: finish });
  current = call;
  control.unref();
  call.given = given;
  call.keptBefore = new Set(globals.keptBy(call));
  als.run(call, () => {
    const extra = context === null ? [] : [context];
    call.run(scripts.get(script), [...given, ...extra]);
  });
}

function finish(call) {
  if (current !== call) return;
  current = null;
  control.ref();
  globals.look();
  for (const path of globals.keptBy(call)) {
    if (!call.keptBefore.has(path)) call.notice('kept-in-global', path);
  }
  const sockets = openSockets();
  if (sockets) call.notice('open-sockets', String(sockets));
  tell({ id: call.id, outcome: call.close() });
}

function onMessage(message) {
  if (message.open) open(message.open);
  else if (message.call) run(message.call);
  else if (message.cancel !== undefined) current?.expire();
  else tell({});
}

// Nothing is left that could ever call the callback: waiting for its time to be up would show nothing new.
process.on('beforeExit', () => {
  control.ref();
  const call = current;
  if (!call) return;
  setTimeout(() => {
    if (current === call) {
      call.notice('nothing-left', String(IDLE_MILLISECONDS));
      call.expire();
    }
  }, IDLE_MILLISECONDS);
});

process.on('uncaughtException', (error, origin) => {
  const call = causeOf(error) ?? callNow();
  call?.escaped(error, origin === 'unhandledRejection' ? 'rejection' : escapeOf(error));
});

process.on('unhandledRejection', (error) => {
  callNow()?.escaped(error, 'rejection');
});

process.on('exit', () => {
  if (!current) return;
  const outcome = { ...current.close(), ended: 'died' };
  try {
    fs.writeSync(CONTROL, `${token} ${JSON.stringify({ id: current.id, outcome, late, notes })}\n`);
  } catch {
    // The socket is full or gone: the other side sees that the process has ended.
  }
});

/** Node marks the error of an event `error` that nobody listens to. */
function escapeOf(error) {
  if (error?.code === 'ERR_UNHANDLED_ERROR') return 'error-event';
  const symbols = error !== null && typeof error === 'object' ? Object.getOwnPropertySymbols(error) : [];
  return symbols.some((symbol) => symbol.description === 'kEnhanceStackBeforeInspector') ? 'error-event' : 'later';
}

const pieces = [];
control.setEncoding('utf8');
control.on('data', (text) => {
  let rest = text;
  for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end + 1);
    onMessage(JSON.parse(pieces.splice(0).join('')));
  }
  if (rest) pieces.push(rest);
});
control.on('close', () => process.kill(process.pid, 'SIGKILL'));
control.on('error', () => process.kill(process.pid, 'SIGKILL'));
