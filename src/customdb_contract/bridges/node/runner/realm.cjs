'use strict';

// What JavaScript can change in its own process: whether a process is as good as a new one.

/** @typedef {{ __proto__: null, key: PropertyKey, value: unknown, get: unknown, set: unknown }} Property */

const { ObjectPrototype, detach, getOwnPropertyDescriptor, hasOwn, is, ownKeys } = require('./primordials.cjs');

const { getActiveResourcesInfo } = process;

const CORE = [
  'assert',
  'buffer',
  'child_process',
  'crypto',
  'dgram',
  'dns',
  'dns/promises',
  'events',
  'fs',
  'fs/promises',
  'http',
  'https',
  'net',
  'os',
  'path',
  'querystring',
  'stream',
  'stream/promises',
  'string_decoder',
  'timers',
  'timers/promises',
  'tls',
  'url',
  'util',
  'vm',
  'zlib',
];

const DESCRIBED = ['value', 'get', 'set'];

/** The built-ins, the global variables and what keeps the process busy, at the time of its creation. */
class Realm {
  /* eslint-disable no-restricted-syntax -- no script is loaded when a realm is made */
  constructor() {
    /** @type {{ __proto__: null, object: object, properties: Property[] }[]} */
    this.holders = [];
    this.resources = getActiveResourcesInfo().length;
    /** @type {object[]} */
    const roots = [globalThis, process.env, process._events];
    for (const name of CORE) roots.push(require(`node:${name}`));
    const http = require('node:http');
    const https = require('node:https');
    roots.push(http.globalAgent.options, https.globalAgent.options);
    /** @type {Set<object>} */
    const seen = new Set();
    for (const root of roots) this.keep(root, seen);
    for (const root of roots) {
      for (const key of ownKeys(root)) {
        // Node creates some of the globals when they are first read.
        const value = valueOf(root, key);
        if (typeof value !== 'function' && !(root === globalThis && value?.constructor === Object)) continue;
        this.keep(value, seen);
        const prototype = valueOf(value, 'prototype');
        if (prototype !== null && typeof prototype === 'object') this.keep(prototype, seen);
      }
    }
    for (const holder of this.holders) holder.properties = propertiesOf(holder.object);
  }
  /* eslint-enable no-restricted-syntax */

  /** @type {(object: object, seen: Set<object>) => void} */
  keep(object, seen) {
    if (seen.has(object)) return;
    seen.add(object);
    this.holders.push({ __proto__: null, object, properties: [] });
  }

  /** Whether nothing in it was changed, and nothing is running that was not running then. */
  isAsItWas() {
    if (getActiveResourcesInfo().length > this.resources) return false;
    // A descriptor is an ordinary object: it would inherit what it lacks.
    for (let index = 0; index < DESCRIBED.length; index += 1) if (hasOwn(ObjectPrototype, DESCRIBED[index])) return false;
    for (let index = 0; index < this.holders.length; index += 1) {
      const { object, properties } = this.holders[index];
      if (ownKeys(object).length !== properties.length) return false;
      for (let place = 0; place < properties.length; place += 1) {
        if (!isSame(properties[place], getOwnPropertyDescriptor(object, properties[place].key))) return false;
      }
    }
    return true;
  }
}

detach(Realm);

/** @type {(object: object) => Property[]} */
function propertiesOf(object) {
  /** @type {Property[]} */
  const properties = [];
  const keys = ownKeys(object);
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index];
    const { value, get, set } = /** @type {PropertyDescriptor} */ (getOwnPropertyDescriptor(object, key));
    properties.push({ __proto__: null, key, value, get, set });
  }
  return properties;
}

/** @type {(before: Property, now: PropertyDescriptor | undefined) => boolean} */
function isSame(before, now) {
  if (now === undefined) return false;
  return is(before.value, now.value) && is(before.get, now.get) && is(before.set, now.set);
}

/** @type {(holder: any, key: PropertyKey) => any} */
function valueOf(holder, key) {
  try {
    return holder[key];
    /* c8 ignore next 3 -- in some versions of Node, all that it has itself can be read */
  } catch {
    return undefined;
  }
}

module.exports = { Realm };
