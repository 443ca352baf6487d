'use strict';

// What is noticed of a call beside its callback: the requests that it sends, what it keeps, what it leaves open.

const channels = require('node:diagnostics_channel');

const MOST_DEPTH = 5;
const MOST_NODES = 5000;
const SHORTEST_TEXT = 4;

/** Node tells of every request that its own HTTP clients send; nothing of the scripts or their modules is changed. */
function watchRequests(callNow) {
  channels.channel('http.client.request.start').subscribe(({ request }) => {
    const host = request.getHeader('host') ?? request.host;
    callNow()?.notice('request', `${request.method} ${request.protocol}//${host}${request.path}`);
  });
  channels.channel('undici:request:create').subscribe(({ request }) => {
    callNow()?.notice('request', `${request.method} ${request.origin}${request.path}`);
  });
}

/** Connections that keep the process alive; an idle one in a pool of Node's own agents does not. */
function openSockets() {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

/** Sees what scripts keep in `global`, also by forgetting to declare a variable. */
class GlobalWatch {
  constructor() {
    this.own = new Set(Object.keys(globalThis));
    this.added = [];
  }

  /** Sees which globals scripts have made by now. */
  look() {
    const names = Object.keys(globalThis);
    if (names.length !== this.own.size + this.added.length) this.added = names.filter((name) => !this.own.has(name));
  }

  /** Where texts that a call was given are kept now. */
  keptBy(call) {
    if (!this.added.length) return [];
    const texts = call.given.filter((text) => typeof text === 'string' && text.length >= SHORTEST_TEXT);
    const found = [];
    for (const name of this.added) this.search(name, texts, found);
    return found;
  }

  search(name, texts, found) {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
    if (!descriptor || !('value' in descriptor)) return;
    const seen = new Set();
    const visit = (value, path, depth) => {
      if (typeof value === 'string') {
        if (texts.some((text) => value.includes(text))) found.push(path);
        return;
      }
      if (value === null || typeof value !== 'object' || seen.has(value)) return;
      if (depth >= MOST_DEPTH || seen.size >= MOST_NODES || !isPlain(value)) return;
      seen.add(value);
      for (const [key, item] of entries(value)) {
        if (texts.some((text) => key.includes(text))) found.push(`${path} (as a key)`);
        else visit(item, `${path}.${key}`, depth + 1);
      }
    };
    visit(descriptor.value, `global.${name}`, 0);
  }
}

/** Plain data: an object of a module, such as a pool of connections, is nobody's record. */
function isPlain(value) {
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function* entries(value) {
  if (value instanceof Map) {
    for (const [key, item] of value) yield [String(key), item];
  } else if (value instanceof Set) {
    for (const item of value) yield ['item', item];
  } else {
    for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      if ('value' in descriptor && descriptor.enumerable) yield [key, descriptor.value];
    }
  }
}

module.exports = { GlobalWatch, openSockets, watchRequests };
