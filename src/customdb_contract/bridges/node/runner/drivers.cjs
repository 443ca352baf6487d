'use strict';

// Pools of drivers call back in the context of the call that opened the socket. To attribute an exception in such a
// callback to the call that caused it, the callback keeps the context of the call that passed it. The behaviour of the
// drivers does not change.

/** @typedef {import('node:async_hooks').AsyncLocalStorage<object>} Storage */

const { WeakMap, apply, defineProperty, indexOf, weakGet, weakHas, weakSet } = require('./primordials.cjs');

/** @type {Record<string, [string, string[]][]>} */
const POOLED = /** @type {any} */ ({
  __proto__: null,
  pg: [
    ['Client', ['query', 'connect']],
    ['Pool', ['query', 'connect']],
  ],
  mysql: [
    ['mysql/lib/Pool', ['query', 'getConnection']],
    ['mysql/lib/Connection', ['query', 'connect']],
  ],
  mysql2: [
    ['Connection', ['query', 'execute', 'connect']],
    ['Pool', ['query', 'execute', 'getConnection']],
  ],
  mongodb: [
    ['Collection', ['findOne', 'insertOne', 'insert', 'updateOne', 'update', 'deleteOne', 'remove', 'findOneAndUpdate']],
    ['MongoClient', ['connect']],
    ['Cursor', ['toArray', 'next']],
  ],
});

const causes = new WeakMap();
const watched = new WeakMap();

/** @type {(name: string, driver: any, als: Storage, require: NodeRequire) => any} */
function watchDriver(name, driver, als, require) {
  const pooled = POOLED[name];
  for (let index = 0; pooled !== undefined && index < pooled.length; index += 1) {
    const prototype = prototypeOf(driver, pooled[index][0], require);
    if (!prototype || weakHas(watched, prototype)) continue;
    weakSet(watched, prototype, true);
    const methods = pooled[index][1];
    for (let place = 0; place < methods.length; place += 1) wrap(prototype, methods[place], als);
  }
  return driver;
}

/** @type {(driver: any, constructor: string, require: NodeRequire) => any} */
function prototypeOf(driver, constructor, require) {
  try {
    return (indexOf(constructor, '/') < 0 ? driver[constructor] : require(constructor))?.prototype;
  } catch {
    return undefined;
  }
}

/** @type {(prototype: any, method: string, als: Storage) => void} */
function wrap(prototype, method, als) {
  const original = prototype[method];
  if (typeof original !== 'function') return;
  const own = {
    __proto__: null,
    configurable: true,
    writable: true,
    /** @type {(this: unknown, ...given: any[]) => unknown} */
    value(...given) {
      const last = given.length - 1;
      const ticket = als.getStore();
      if (ticket && typeof given[last] === 'function') given[last] = inContext(given[last], ticket, als);
      return apply(original, this, given);
    },
  };
  defineProperty(prototype, method, own);
}

/** @type {(callback: Function, ticket: object, als: Storage) => Function} */
function inContext(callback, ticket, als) {
  /** @type {(this: unknown, ...given: unknown[]) => unknown} */
  return function inContextOfItsCall(...given) {
    return als.run(ticket, () => {
      try {
        return apply(callback, this, given);
      } catch (error) {
        if (error !== null && typeof error === 'object') weakSet(causes, error, ticket);
        throw error;
      }
    });
  };
}

/**
 * The ticket of the call that caused an error thrown in such a callback.
 * @type {(error: unknown) => object | undefined}
 */
function causeOf(error) {
  return error !== null && typeof error === 'object' ? weakGet(causes, error) : undefined;
}

module.exports = { causeOf, watchDriver };
