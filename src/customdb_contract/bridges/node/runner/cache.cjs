'use strict';

// `api.cache`, with Auth0's limits; its entries live as long as the process.
// Source: https://auth0.com/docs/customize/actions/limitations

const { detach, keysOf, min } = require('./primordials.cjs');
const { read } = require('./attributes.cjs');

const { byteLength } = Buffer;
const { now } = Date;

const MOST_ENTRIES = 20;
const MOST_KEY_BYTES = 64;
const MOST_VALUE_BYTES = 4096;
const MOST_BYTES = 8192;
const USUAL_MILLISECONDS = 15 * 60_000;
const MOST_MILLISECONDS = 24 * 3_600_000;

class Cache {
  constructor() {
    this.entries = { __proto__: null };
  }

  get(key) {
    const entry = this.entries[key];
    if (entry === undefined) return undefined;
    if (entry.expiresAt > now()) return recordOf(entry);
    delete this.entries[key];
    return undefined;
  }

  set(key, value, options) {
    if (typeof key !== 'string' || typeof value !== 'string') return failed('InvalidType');
    const size = { key: byteLength(key), value: byteLength(value) };
    if (size.key > MOST_KEY_BYTES) return failed('KeySizeExceeded');
    if (size.value > MOST_VALUE_BYTES) return failed('ValueSizeExceeded');
    const expiresAt = expiryOf(options);
    if (expiresAt <= now()) return failed('AlreadyExpired');
    let bytes = size.key + size.value;
    let number = 1;
    const keys = keysOf(this.entries);
    for (let index = 0; index < keys.length; index += 1) {
      if (keys[index] === key || this.get(keys[index]) === undefined) continue;
      bytes += this.entries[keys[index]].bytes;
      number += 1;
    }
    if (number > MOST_ENTRIES) return failed('TooManyEntries');
    if (bytes > MOST_BYTES) return failed('TotalSizeExceeded');
    const entry = { __proto__: null, value, expiresAt, bytes: size.key + size.value };
    this.entries[key] = entry;
    return { type: 'success', record: recordOf(entry) };
  }

  delete(key) {
    delete this.entries[key];
    return { type: 'success' };
  }
}

detach(Cache);

function recordOf(entry) {
  return { value: entry.value, expires_at: entry.expiresAt };
}

function failed(code) {
  return { type: 'error', code };
}

/** The earlier one of the two that may be given, but not later than Auth0 keeps anything. */
function expiryOf(options) {
  const given = options ?? {};
  const ttl = read(given, 'ttl');
  const until = read(given, 'expires_at');
  const started = now();
  const hasTtl = typeof ttl === 'number';
  const hasUntil = typeof until === 'number';
  if (!hasTtl && !hasUntil) return started + USUAL_MILLISECONDS;
  const asked = min(hasTtl ? started + ttl : Infinity, hasUntil ? until : Infinity);
  return min(asked, started + MOST_MILLISECONDS);
}

module.exports = { Cache };
