'use strict';

// What is noticed of a call in addition to its callback: the requests that it sends, what it keeps, what it leaves
// open.

/** @typedef {InstanceType<typeof import('./call.cjs').Call>} Call */

const channels = require('node:diagnostics_channel');
const { isMap, isProxy, isSet } = require('node:util/types');
const {
  Set,
  append,
  detach,
  dictionary,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  indexOf,
  isArray,
  keysOf,
  mapEach,
  setAdd,
  setEach,
  setHas,
  setSize,
} = require('./primordials.cjs');
const { textOf } = require('./attributes.cjs');

const { getActiveResourcesInfo } = process;

const MOST_DEPTH = 5;
const MOST_NODES = 5000;
const MOST_FOUND = 100;
const SHORTEST_TEXT = 4;

/**
 * Node reports every request that its own HTTP clients send; nothing in the scripts or their modules is changed.
 * @type {(callNow: () => Call | null) => void}
 */
function watchRequests(callNow) {
  subscribe('http.client.request.start', callNow, (request) => {
    const host = textOf(request.getHeader('host')) || textOf(request.host);
    return `${textOf(request.method)} ${textOf(request.protocol)}//${host}${textOf(request.path)}`;
  });
  subscribe('undici:request:create', callNow, (request) => {
    return `${textOf(request.method)} ${textOf(request.origin)}${textOf(request.path)}`;
  });
}

/** @type {(channel: string, callNow: () => Call | null, describe: (request: any) => string) => void} */
function subscribe(channel, callNow, describe) {
  channels.channel(channel).subscribe((message) => {
    const { request } = /** @type {{ request: any }} */ (message);
    try {
      // Node's own client reports a request when its end is written, and an error can come before that.
      callNow()?.asked(describe(request), request.socket?.destroyed === true);
    } catch {
      // The script has replaced its request by something else.
    }
  });
}

/** Connections that keep the process alive; an idle one in a pool of Node's own agents does not. */
function openSockets() {
  const names = getActiveResourcesInfo();
  let open = 0;
  for (let index = 0; index < names.length; index += 1) if (names[index] === 'TCPSocketWrap') open += 1;
  return open;
}

/** Notices what scripts keep in `global`, even by forgetting to declare a variable. */
class GlobalWatch {
  constructor() {
    this.own = keyed(keysOf(globalThis));
    this.size = keysOf(globalThis).length;
    /** @type {string[]} */
    this.added = [];
  }

  /** Notices which globals scripts have created so far. */
  look() {
    const names = keysOf(globalThis);
    if (names.length === this.size + this.added.length) return;
    this.added = [];
    for (let index = 0; index < names.length; index += 1) {
      if (!(names[index] in this.own)) append(this.added, names[index]);
    }
  }

  /**
   * The current places of the strings that a call received.
   * @type {(given: unknown[]) => string[]}
   */
  keptBy(given) {
    /** @type {string[]} */
    const found = [];
    if (this.added.length === 0) return found;
    const search = new Search(given, found);
    for (let index = 0; index < this.added.length; index += 1) search.global(this.added[index]);
    return found;
  }
}

class Search {
  /**
   * @param {unknown[]} given
   * @param {string[]} found
   */
  constructor(given, found) {
    /** @type {string[]} */
    this.texts = [];
    for (let index = 0; index < given.length; index += 1) {
      const text = given[index];
      if (typeof text === 'string' && text.length >= SHORTEST_TEXT) append(this.texts, text);
    }
    this.found = found;
    /** @type {Set<object>} */
    this.seen = new Set();
  }

  /** @type {(name: string) => void} */
  global(name) {
    this.property(globalThis, name, `global.${name}`, 0);
  }

  /** @type {(holder: object, key: string, path: string, depth: number) => void} */
  property(holder, key, path, depth) {
    const descriptor = getOwnPropertyDescriptor(holder, key);
    if (descriptor !== undefined && descriptor.enumerable && hasOwn(descriptor, 'value')) {
      this.visit(descriptor.value, path, depth);
    }
  }

  /** @type {(value: any, path: string, depth: number) => void} */
  visit(value, path, depth) {
    if (typeof value === 'string') {
      if (this.isGiven(value)) this.add(path);
      return;
    }
    if (value === null || typeof value !== 'object' || setHas(this.seen, value)) return;
    if (depth >= MOST_DEPTH || setSize(this.seen) >= MOST_NODES || !isPlain(value)) return;
    setAdd(this.seen, value);
    /** @type {(item: unknown, key: unknown) => void} */
    const entry = (item, key) => this.entry(textOf(key), item, path, depth);
    /** @type {(item: unknown) => void} */
    const member = (item) => this.visit(item, `${path}.item`, depth + 1);
    if (isMap(value)) mapEach(value, entry);
    else if (isSet(value)) setEach(value, member);
    else this.properties(value, path, depth);
  }

  /** @type {(value: object, path: string, depth: number) => void} */
  properties(value, path, depth) {
    const keys = keysOf(value);
    for (let index = 0; index < keys.length && index < MOST_NODES; index += 1) {
      const key = keys[index];
      if (this.isGiven(key)) this.add(`${path} (as a key)`);
      else this.property(value, key, `${path}.${key}`, depth + 1);
    }
  }

  /** @type {(key: string, item: unknown, path: string, depth: number) => void} */
  entry(key, item, path, depth) {
    if (this.isGiven(key)) this.add(`${path} (as a key)`);
    else this.visit(item, `${path}.${key}`, depth + 1);
  }

  /** @type {(path: string) => void} */
  add(path) {
    if (this.found.length < MOST_FOUND) append(this.found, path);
  }

  /** @type {(text: string) => boolean} */
  isGiven(text) {
    for (let index = 0; index < this.texts.length; index += 1) {
      if (indexOf(text, this.texts[index]) >= 0) return true;
    }
    return false;
  }
}

detach(GlobalWatch);
detach(Search);

/**
 * Names as keys, for look-ups.
 * @type {(names: string[]) => Record<string, boolean>}
 */
function keyed(names) {
  /** @type {Record<string, boolean>} */
  const found = dictionary();
  for (let index = 0; index < names.length; index += 1) found[names[index]] = true;
  return found;
}

/**
 * Plain data: an object of a module, such as a pool of connections, is not a record of a user.
 * @type {(value: any) => boolean}
 */
function isPlain(value) {
  if (isProxy(value)) return false;
  if (isArray(value) || isMap(value) || isSet(value)) return true;
  const prototype = getPrototypeOf(value);
  return prototype === null || (!isProxy(prototype) && getPrototypeOf(prototype) === null);
}

module.exports = { GlobalWatch, keyed, openSockets, watchRequests };
