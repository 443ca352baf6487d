'use strict';

// What Auth0 puts around a script: its error classes, the configuration, and the modules.

const fs = require('node:fs');
const path = require('node:path');
const { createRequire, builtinModules } = require('node:module');
const { knowError } = require('./encoding.cjs');
const { watchDriver } = require('./drivers.cjs');

class WrongUsernameOrPasswordError extends Error {
  constructor(userNameOrEmail, message) {
    super(message);
    this.name = 'WrongUsernameOrPasswordError';
    this.userNameOrEmail = userNameOrEmail;
  }
}

class ValidationError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'ValidationError';
    this.code = code;
  }
}

class UnauthorizedError extends Error {
  constructor(message) {
    super(message);
    this.name = 'UnauthorizedError';
  }
}

knowError(WrongUsernameOrPasswordError, ['userNameOrEmail']);
knowError(ValidationError, ['code']);
knowError(UnauthorizedError, []);

// Modules that runtimes before Node 12 had as globals, and what they are called in npm.
const IMPLICIT_GLOBALS = {
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
};

/** The read-only `configuration` of a connection; what is written to it is told, and changes nothing. */
function makeConfiguration(values, onWrite) {
  const refuse = (_, key) => {
    onWrite(String(key));
    return false;
  };
  return new Proxy(Object.freeze({ ...values }), {
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: (target) => refuse(target, '__proto__'),
  });
}

class Modules {
  constructor({ folder, doubles, note, als }) {
    this.folder = folder;
    this.doubles = doubles;
    this.note = note;
    this.als = als;
    this.require = folder === null ? null : createRequire(path.join(folder, 'script.js'));
  }

  /** What a script calls as `require`. */
  load(specifier, file) {
    if (typeof specifier !== 'string') throw new TypeError('The "id" argument must be of type string');
    const { name, version, rest } = parse(specifier);
    const double = this.doubles[specifier] ?? this.doubles[name + rest];
    if (double) return require(double);
    if (builtinModules.includes(specifier) || specifier.startsWith('node:')) return require(specifier);
    const found = this.find(name, version, rest);
    if (!found) throw missing(specifier, file, this.folder);
    return watchDriver(name, this.require(found), this.als, this.require);
  }

  find(name, version, rest) {
    if (!this.require) return null;
    const candidates = version ? [`${name}--${version}`, name] : [name];
    for (const candidate of candidates) {
      try {
        const resolved = this.require.resolve(candidate + rest);
        if (version) this.compare(name, version, candidate);
        return resolved;
      } catch (error) {
        if (error.code !== 'MODULE_NOT_FOUND') throw error;
      }
    }
    return null;
  }

  compare(name, version, candidate) {
    const file = path.join(this.folder, 'node_modules', candidate, 'package.json');
    let installed;
    try {
      installed = JSON.parse(fs.readFileSync(file, 'utf8')).version;
    } catch {
      return;
    }
    if (installed !== version && !installed.startsWith(`${version}.`)) {
      this.note(`${name}@${version} is asked for, and ${installed} is installed`);
    }
  }

  /** The globals of old runtimes, where the module is there; `onUse` is told when a script uses one. */
  defineImplicitGlobals(onUse) {
    for (const [global, name] of Object.entries(IMPLICIT_GLOBALS)) {
      const isThere = name in this.doubles || this.find(name, '', '');
      if (!isThere || global in globalThis) continue;
      Object.defineProperty(globalThis, global, {
        configurable: true,
        get: () => {
          onUse(global);
          return this.load(name, 'a global');
        },
        set: (value) => {
          Object.defineProperty(globalThis, global, { value, writable: true, configurable: true, enumerable: true });
        },
      });
    }
  }
}

/** `mongodb@3.1.4/lib/x` in its parts; a scope such as `@azure/msal-node` belongs to the name. */
function parse(specifier) {
  const at = specifier.indexOf('@', 1);
  const first = specifier.startsWith('@') ? specifier.indexOf('/') + 1 : 0;
  const slash = specifier.indexOf('/', Math.max(first, at));
  const end = slash < 0 ? specifier.length : slash;
  if (at > 0 && at < end) {
    return { name: specifier.slice(0, at), version: specifier.slice(at + 1, end), rest: specifier.slice(end) };
  }
  return { name: specifier.slice(0, end), version: '', rest: specifier.slice(end) };
}

function missing(specifier, file, folder) {
  const where = folder === null ? 'and no folder of node_modules is given' : `which is not in ${path.basename(folder)}/node_modules`;
  const error = new Error(
    `${file} requires ${JSON.stringify(specifier)}, ${where}: install it there with npm, or give a double of it`,
  );
  error.code = 'MODULE_NOT_FOUND';
  return error;
}

module.exports = { Modules, UnauthorizedError, ValidationError, WrongUsernameOrPasswordError, makeConfiguration };
