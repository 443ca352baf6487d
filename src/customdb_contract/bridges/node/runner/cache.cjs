'use strict';

// `api.cache`, with Auth0's limits, which are sent: see _cache.py. Its entries live as long as the process.
// Source: https://auth0.com/docs/customize/actions/limitations

/**
 * @typedef {{ value: string, expires_at: number }} CacheRecord
 * @typedef {{ __proto__: null, value: string, expiresAt: number, bytes: number }} Entry
 */

/**
 * @typedef {object} CacheLimits
 * @property {number} entries
 * @property {number} keyBytes
 * @property {number} valueBytes
 * @property {number} bytes
 * @property {number} milliseconds
 * @property {number} usualMilliseconds
 */

const { detach, dictionary, keysOf, min } = require('./primordials.cjs');
const { read } = require('./attributes.cjs');

const { byteLength } = Buffer;
const { now } = Date;

class Cache {
  /** @param {CacheLimits} limits */
  constructor(limits) {
    this.limits = limits;
    /** @type {Record<string, Entry>} */
    this.entries = dictionary();
  }

  /** @type {(key: any) => CacheRecord | undefined} */
  get(key) {
    const entry = this.entries[key];
    if (entry === undefined) return undefined;
    if (entry.expiresAt > now()) return recordOf(entry);
    delete this.entries[key];
    return undefined;
  }

  /** @type {(key: any, value: any, options: any) => object} */
  set(key, value, options) {
    if (typeof key !== 'string' || typeof value !== 'string') return failed('InvalidType');
    const size = { key: byteLength(key), value: byteLength(value) };
    if (size.key > this.limits.keyBytes) return failed('KeySizeExceeded');
    if (size.value > this.limits.valueBytes) return failed('ValueSizeExceeded');
    const expiresAt = expiryOf(options, this.limits);
    if (expiresAt <= now()) return failed('AlreadyExpired');
    let bytes = size.key + size.value;
    let number = 1;
    const keys = keysOf(this.entries);
    for (let index = 0; index < keys.length; index += 1) {
      if (keys[index] === key || this.get(keys[index]) === undefined) continue;
      bytes += this.entries[keys[index]].bytes;
      number += 1;
    }
    if (number > this.limits.entries) return failed('TooManyEntries');
    if (bytes > this.limits.bytes) return failed('TotalSizeExceeded');
    /** @type {Entry} */
    const entry = { __proto__: null, value, expiresAt, bytes: size.key + size.value };
    this.entries[key] = entry;
    return { type: 'success', record: recordOf(entry) };
  }

  /** @type {(key: any) => object} */
  delete(key) {
    delete this.entries[key];
    return { type: 'success' };
  }
}

detach(Cache);

/** @type {(entry: Entry) => CacheRecord} */
function recordOf(entry) {
  return { value: entry.value, expires_at: entry.expiresAt };
}

/** @type {(code: string) => object} */
function failed(code) {
  return { type: 'error', code };
}

/**
 * The earlier of the two times that can be given, but no later than Auth0 keeps any entry.
 * @type {(options: any, limits: CacheLimits) => number}
 */
function expiryOf(options, limits) {
  const given = options ?? {};
  const ttl = read(given, 'ttl');
  const until = read(given, 'expires_at');
  const started = now();
  const hasTtl = typeof ttl === 'number';
  const hasUntil = typeof until === 'number';
  if (!hasTtl && !hasUntil) return started + limits.usualMilliseconds;
  const asked = min(hasTtl ? started + ttl : Infinity, hasUntil ? until : Infinity);
  return min(asked, started + limits.milliseconds);
}

module.exports = { Cache };
