'use strict';

// Reads the attributes of a value in such a way that nothing it does can disturb the reader.

const { isProxy } = require('node:util/types');
const { ObjectPrototype, getPrototypeOf, hasOwn } = require('./primordials.cjs');

const MOST_PROTOTYPES = 100;

/**
 * An attribute that a value has itself or from its class; what a script adds to all objects does not count.
 * @type {(value: any, key: PropertyKey) => any}
 */
function read(value, key) {
  try {
    return readOrThrow(value, key);
  } catch {
    // It can't be read, so it has no value.
    return undefined;
  }
}

/**
 * The same, but it throws what keeps the attribute from being read.
 * @type {(value: any, key: PropertyKey) => any}
 */
function readOrThrow(value, key) {
  if (isProxy(value)) return value[key];
  let holder = value;
  for (let depth = 0; holder !== null && holder !== ObjectPrototype && depth < MOST_PROTOTYPES; depth += 1) {
    if (hasOwn(holder, key)) return value[key];
    holder = getPrototypeOf(holder);
  }
  return undefined;
}

/** @type {(value: any) => string} */
function constructorName(value) {
  const constructor = read(value, 'constructor');
  const name = typeof constructor === 'function' ? read(constructor, 'name') : undefined;
  return typeof name === 'string' && name !== '' ? name : 'Object';
}

/** @type {(error: any) => string} */
function nameOf(error) {
  if (error === null || typeof error !== 'object') return typeof error;
  const name = constructorName(error);
  const own = read(error, 'name');
  return name === 'Error' && typeof own === 'string' && own !== '' ? own : name;
}

/** @type {(value: unknown) => string} */
function textOf(value) {
  return typeof value === 'string' ? value : '';
}

module.exports = { constructorName, nameOf, read, readOrThrow, textOf };
