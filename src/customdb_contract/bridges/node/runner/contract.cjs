'use strict';

// What Auth0 provides to a script: its error classes, the configuration, and the modules.

/**
 * The location of modules, and advice for a missing one.
 * @typedef {object} Surroundings
 * @property {string | null} folder
 * @property {Record<string, string>} doubles
 * @property {(text: string) => void} note
 * @property {import('node:async_hooks').AsyncLocalStorage<object>} als
 * @property {{ table: string, otherwise: string }} advice
 */

const fs = require('node:fs');
const path = require('node:path');
const { createRequire, builtinModules } = require('node:module');
const {
  Error,
  ObjectPrototype,
  Proxy,
  String,
  TypeError,
  defineProperty,
  detach,
  freeze,
  hasOwn,
  includes,
  indexOf,
  keysOf,
  parse: parseJson,
  replace,
  slice,
  startsWith,
  stringify,
} = require('./primordials.cjs');
const { knowError } = require('./encoding.cjs');
const { watchDriver } = require('./drivers.cjs');

const { readFileSync } = fs;
const { basename, join } = path;
const builtins = builtinModules.slice();
const LONGEST_VERSION = 100;

class WrongUsernameOrPasswordError extends Error {
  /**
   * @param {string | null} userNameOrEmail
   * @param {string} [message]
   */
  constructor(userNameOrEmail, message) {
    super(message);
    this.name = 'WrongUsernameOrPasswordError';
    this.userNameOrEmail = userNameOrEmail;
  }
}

class ValidationError extends Error {
  /**
   * @param {string} code
   * @param {string} [message]
   */
  constructor(code, message) {
    super(message);
    this.name = 'ValidationError';
    this.code = code;
  }
}

class UnauthorizedError extends Error {
  /** @param {string} [message] */
  constructor(message) {
    super(message);
    this.name = 'UnauthorizedError';
  }
}

/** A missing module says nothing about a script: Auth0 might have it. */
class MissingModuleError extends Error {
  code = 'MODULE_NOT_FOUND';
}

knowError(WrongUsernameOrPasswordError, 'WrongUsernameOrPasswordError', 'userNameOrEmail');
knowError(ValidationError, 'ValidationError', 'code');
knowError(UnauthorizedError, 'UnauthorizedError', null);
knowError(MissingModuleError, 'MissingModuleError', null);

// Modules that runtimes before Node 12 had as globals, and their names in npm.
/** @type {Record<string, string>} */
const IMPLICIT_GLOBALS = /** @type {any} */ ({
  __proto__: null,
  _: 'lodash',
  async: 'async',
  auth0: 'auth0',
  azure_storage: 'azure-storage',
  bcrypt: 'bcrypt',
  cassandra: 'cassandra-driver',
  ip: 'ip',
  jwt: 'jsonwebtoken',
  knex: 'knex',
  mongo: 'mongodb',
  mysql: 'mysql',
  pbkdf2: 'pbkdf2',
  pg: 'pg',
  postgres: 'pg',
  pubnub: 'pubnub',
  q: 'q',
  Q: 'q',
  request: 'request',
  sqlserver: 'tedious',
  uuid: 'uuid',
  xmldom: 'xmldom',
  xml2js: 'xml2js',
  xpath: 'xpath',
});

// Code that awaits an object, prints it or turns it into JSON reads these.
/** @type {Record<string, boolean>} */
const ASKED_OF_ALL = /** @type {any} */ ({ __proto__: null, href: true, protocol: true, then: true, toJSON: true });

/**
 * Whether a key is read by name, so that a value with this name could have been set.
 * @type {(key: any) => boolean}
 */
function isAskedByName(key) {
  return typeof key === 'string' && !(key in ObjectPrototype) && ASKED_OF_ALL[key] === undefined;
}

/**
 * The read-only `configuration` of a connection. A write to it is reported, and changes nothing. Reading a missing key
 * is reported as well.
 * @type {(values: object, told: { onWrite(key: string): void, onMissing(key: string): void }) => object}
 */
function makeConfiguration(values, { onWrite, onMissing }) {
  /** @type {(target: unknown, key: PropertyKey) => boolean} */
  const refuse = (_, key) => {
    onWrite(String(key));
    return false;
  };
  /** @type {any} */
  const handler = {
    __proto__: null,
    /** @type {(target: any, key: any) => unknown} */
    get(target, key) {
      if (!hasOwn(target, key) && isAskedByName(key)) onMissing(key);
      return target[key];
    },
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: (/** @type {object} */ target) => refuse(target, '__proto__'),
  };
  return new Proxy(freeze({ ...values }), handler);
}

class Modules {
  /** @param {Surroundings} surroundings */
  constructor({ folder, doubles, note, als, advice }) {
    this.folder = folder;
    this.doubles = doubles;
    this.advice = advice;
    this.note = note;
    this.als = als;
    this.require = folder === null ? null : createRequire(join(folder, 'script.js'));
  }

  /**
   * The function that a script calls as `require`.
   * @type {(specifier: unknown, file: string) => unknown}
   */
  load(specifier, file) {
    if (typeof specifier !== 'string') throw new TypeError('The "id" argument must be of type string');
    const { name, version, rest } = parse(specifier);
    const double = this.doubleOf(specifier) ?? this.doubleOf(name + rest);
    if (double !== undefined) return require(double);
    if (includes(builtins, specifier) || startsWith(specifier, 'node:')) return require(specifier);
    const own = this.require;
    const found = this.find(name, version, rest);
    if (own === null || found === null) throw missing(specifier, file, this);
    return watchDriver(name, own(found), this.als, own);
  }

  /** @type {(name: string) => string | undefined} */
  doubleOf(name) {
    return hasOwn(this.doubles, name) ? this.doubles[name] : undefined;
  }

  /** @type {(name: string, version: string, rest: string) => string | null} */
  find(name, version, rest) {
    if (this.require === null) return null;
    const versioned = version ? this.findAs(`${name}--${version}`, name, version, rest) : null;
    return versioned ?? this.findAs(name, name, version, rest);
  }

  /** @type {(candidate: string, name: string, version: string, rest: string) => string | null} */
  findAs(candidate, name, version, rest) {
    const { resolve } = /** @type {NodeJS.Require} */ (this.require);
    let resolved;
    try {
      resolved = resolve(candidate + rest);
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'MODULE_NOT_FOUND') return null;
      throw error;
    }
    if (version) this.compare(name, version, candidate);
    return resolved;
  }

  /** @type {(name: string, version: string, candidate: string) => void} */
  compare(name, version, candidate) {
    const file = join(/** @type {string} */ (this.folder), 'node_modules', candidate, 'package.json');
    let installed;
    try {
      installed = parseJson(readFileSync(file, 'utf8')).version;
    } catch {
      return;
    }
    if (typeof installed !== 'string' || installed === version || startsWith(installed, `${version}.`)) return;
    if (version.length <= LONGEST_VERSION) this.note(`${name}@${version} is requested, but ${installed} is installed`);
  }

  /**
   * The globals of old runtimes, if the module is installed; `onUse` is called when a script uses one.
   * @type {(onUse: (name: string) => void) => void}
   */
  defineImplicitGlobals(onUse) {
    const globals = keysOf(IMPLICIT_GLOBALS);
    for (let index = 0; index < globals.length; index += 1) {
      const global = globals[index];
      const name = IMPLICIT_GLOBALS[global];
      const isThere = this.doubleOf(name) !== undefined || this.find(name, '', '') !== null;
      if (!isThere || global in globalThis) continue;
      const own = {
        __proto__: null,
        configurable: true,
        get: () => {
          onUse(global);
          return this.load(name, 'a global');
        },
        set: (/** @type {unknown} */ value) => replace(globalThis, global, value),
      };
      defineProperty(globalThis, global, own);
    }
  }
}

detach(Modules);

/**
 * The parts of `mongodb@3.1.4/lib/x`; a scope such as `@azure/msal-node` belongs to the name.
 * @type {(specifier: string) => { name: string, version: string, rest: string }}
 */
function parse(specifier) {
  const at = indexOf(specifier, '@', 1);
  const first = startsWith(specifier, '@') ? indexOf(specifier, '/') + 1 : 0;
  const slash = indexOf(specifier, '/', at > first ? at : first);
  const end = slash < 0 ? specifier.length : slash;
  const rest = slice(specifier, end);
  if (at > 0 && at < end) return { name: slice(specifier, 0, at), version: slice(specifier, at + 1, end), rest };
  return { name: slice(specifier, 0, end), version: '', rest };
}

/** @type {(specifier: string, file: string, surroundings: Pick<Surroundings, 'folder' | 'advice'>) => Error} */
function missing(specifier, file, { folder, advice }) {
  const { name, version } = parse(specifier);
  const install = `npm install ${name}${version && `@${version}`}`;
  const where =
    folder !== null
    ? `which is not in ${basename(folder)}/node_modules: run ${install} there`
    : `but no node_modules is given: run ${install} next to it, and give the folder ([${advice.table}] node_modules)`;
  return new MissingModuleError(`${file} requires ${stringify(specifier)}, ${where}${advice.otherwise}`);
}

module.exports = {
  Modules,
  UnauthorizedError,
  ValidationError,
  WrongUsernameOrPasswordError,
  isAskedByName,
  makeConfiguration,
};
