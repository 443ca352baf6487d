'use strict';

// The container of an Action: a module that exports the handlers of a trigger, which are called with `event` and `api`.

/**
 * @typedef {object} Order
 * @property {string} source
 * @property {string} file
 * @property {string | null} folder
 * @property {Record<string, string>} secrets
 * @property {{ plain: number, secure: number } | null} legacy
 * @property {import('./cache.cjs').CacheLimits} cache
 *
 * @typedef {{ id: number, handler: string, event: object }} CallOrder
 * @typedef {InstanceType<typeof ActionRun>} Run
 */

const Module = require('node:module');
const vm = require('node:vm');
const { isProxy } = require('node:util/types');
const { Error, ObjectPrototype, Proxy, dictionary, indexOf, keysOf } = require('./primordials.cjs');
const { replace, setPrototypeOf, uncurry } = require('./primordials.cjs');
const { als, begin, finish, know, locate, note, serve, sink } = require('./container.cjs');
const { ActionRun } = require('./action_run.cjs');
const { Cache } = require('./cache.cjs');
const { Modules, isAskedByName } = require('./contract.cjs');
const { encodeThrown } = require('./encoding.cjs');
const { makeApi } = require('./api.cjs');
const { openSockets } = require('./observing.cjs');
const { quote } = require('./json.cjs');
const { read, readOrThrow } = require('./attributes.cjs');
const { Realm } = require('./realm.cjs');
const { redirectTo } = require('./redirect.cjs');
const { countLater, endTimers, watchTimers } = require('./timers.cjs');

const { compileFunction } = vm;
const required = require.cache;
const { getActiveResourcesInfo } = process;
const { setTimeout } = globalThis;
const importModuleDynamically = vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const unref = uncurry(setTimeout(() => undefined, 0).unref);

// Modules are loaded again for every run, and Node keeps what it has compiled only if the wrapper was set.
// eslint-disable-next-line no-self-assign -- setting it is what matters
Module.wrap = Module.wrap;

const HANDLERS = ['onExecutePostLogin', 'onContinuePostLogin'];
const MOST_EXPORTS = 20;
// What is still running when the handler returns is checked after the first time, and waited for until the second.
const TOLERATED_MILLISECONDS = 100;
const LINGERING_MILLISECONDS = 300;

/** @type {InstanceType<typeof Cache>} */
let cache;
/** @type {unknown} */
let failure = null;
/** @type {Record<string, Function>} */
let handlers;
/** @type {InstanceType<typeof Modules>} */
let modules;
/** @type {Order} */
let order;
let quiet = 0;
/** @type {InstanceType<typeof Realm>} */
let realm;

/** @type {(given: Order) => string} */
function open(given) {
  order = given;
  know(order.file);
  if (order.legacy !== null) redirectTo(order.legacy);
  watchTimers();
  realm = new Realm();
  // One of them is the timer that keeps the process alive between the runs.
  quiet = getActiveResourcesInfo().length - 1;
  const advice = { table: 'action', otherwise: '' };
  modules = new Modules({ folder: order.folder, doubles: {}, als, note, advice });
  return loaded();
}

/** Loads the module, with an empty cache, and returns its exports as JSON. */
function loaded() {
  cache = new Cache(order.cache);
  failure = null;
  handlers = dictionary();
  let exported;
  try {
    exported = load(order.source, order.file, (specifier) => modules.load(specifier, order.file));
    // A getter is code of the Action too, and without this handler there is none to run.
    if (isObject(exported)) readOrThrow(exported, HANDLERS[0]);
  } catch (error) {
    failure = error;
    return `{"handlers":[],"exported":[],"problem":${encodeThrown(error, locate)}}`;
  }
  let found = '';
  for (let index = 0; index < HANDLERS.length; index += 1) {
    const name = HANDLERS[index];
    const handler = read(exported, name);
    if (typeof handler !== 'function') continue;
    handlers[name] = handler;
    found += `${found === '' ? '' : ','}"${name}"`;
  }
  return `{"handlers":[${found}],"exported":[${namesOf(exported)}],"problem":null}`;
}

/** An imported module is never loaded again by the same process. */
function renew() {
  endTimers();
  if (indexOf(order.source, 'import(') >= 0 || !realm.isAsItWas()) return false;
  const files = keysOf(required);
  for (let index = 0; index < files.length; index += 1) delete required[files[index]];
  loaded();
  return true;
}

/**
 * The exports of the module; Auth0 runs Actions as CommonJS.
 * @type {(source: string, file: string, require: (specifier: unknown) => unknown) => unknown}
 */
function load(source, file, require) {
  const module = { exports: {} };
  const parameters = ['exports', 'require', 'module', '__filename', '__dirname'];
  /** @type {any} */
  const options = { __proto__: null, filename: file, importModuleDynamically };
  const run = uncurry(/** @type {any} */ (compileFunction(source, parameters, options)));
  run(module.exports, module.exports, require, module, file, '.');
  return module.exports;
}

/** @type {(value: unknown) => boolean} */
function isObject(value) {
  return value !== null && (typeof value === 'object' || typeof value === 'function');
}

/** @type {(exported: any) => string} */
function namesOf(exported) {
  if (!isObject(exported) || isProxy(exported)) return '';
  const names = keysOf(exported);
  let told = '';
  for (let index = 0; index < names.length && index < MOST_EXPORTS; index += 1) {
    told += `${index > 0 ? ',' : ''}${quote(names[index])}`;
  }
  return told;
}

/** @type {(order: CallOrder) => void} */
function call({ id, handler, event }) {
  const run = new ActionRun(id, { locate, late: sink, onEnd: linger });
  replace(event, 'secrets', secretsFor(run));
  const api = makeApi(run, event, cache);
  begin(run, () => {
    if (handlers[handler] === undefined) run.escaped(failure ?? missing(handler), 'thrown');
    else run.run(handlers[handler], event, api);
  });
}

/** @type {(handler: string) => Error} */
function missing(handler) {
  return new Error(`the Action exports no function ${handler}`);
}

/**
 * The given secrets; a missing one is undefined, as at Auth0, and noticed if the source names it.
 * @type {(run: Run) => object}
 */
function secretsFor(run) {
  /** @type {Record<string, string>} */
  const own = dictionary();
  const { secrets } = order;
  const names = keysOf(secrets);
  for (let index = 0; index < names.length; index += 1) own[names[index]] = secrets[names[index]];
  /** @type {any} */
  const handler = {
    __proto__: null,
    /** @type {(target: any, key: any) => unknown} */
    get(target, key) {
      const isName = isAskedByName(key);
      if (isName && indexOf(order.source, key) >= 0) run.notice('missing-secret', key);
      return isName ? undefined : target[key];
    },
  };
  setPrototypeOf(own, new Proxy(ObjectPrototype, handler));
  return own;
}

/** Whether nothing can happen while a run would linger. */
function isQuiet() {
  const busy = getActiveResourcesInfo().length - quiet;
  return busy <= 0 || busy === countLater(LINGERING_MILLISECONDS);
}

/**
 * A run whose handler has returned is over as soon as nothing is running, but no later than this.
 * @type {(run: Run) => void}
 */
function linger(run) {
  if (run.ended === 'timed-out' || isQuiet()) {
    finish(run);
    return;
  }
  const look = () => {
    if (openSockets() > 0) run.isBusy = true;
  };
  const leave = () => {
    /* c8 ignore next -- how long something goes on depends on how busy the machine is */
    if (run.isBusy) run.notice('still-running', openSockets() > 0 ? '0.3 s' : '0.1 s');
    finish(run);
  };
  unref(setTimeout(look, TOLERATED_MILLISECONDS));
  unref(setTimeout(leave, LINGERING_MILLISECONDS));
}

serve({ open, call, look: () => undefined, outcome: 'run', hasLateEvents: false, renew });
