'use strict';

// Pools of drivers call back in the context of the call that opened the socket. So that an exception in such a
// callback is told of the call that caused it, the callback keeps the context of the call that gave it. What the
// drivers do is not changed.

const { WeakMap, apply, defineProperty, indexOf, weakGet, weakHas, weakSet } = require('./primordials.cjs');

const POOLED = {
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
};

const causes = new WeakMap();
const watched = new WeakMap();

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

function prototypeOf(driver, constructor, require) {
  try {
    return (indexOf(constructor, '/') < 0 ? driver[constructor] : require(constructor))?.prototype;
  } catch {
    return undefined;
  }
}

function wrap(prototype, method, als) {
  const original = prototype[method];
  if (typeof original !== 'function') return;
  defineProperty(prototype, method, {
    __proto__: null,
    configurable: true,
    writable: true,
    value(...given) {
      const last = given.length - 1;
      const ticket = als.getStore();
      if (ticket && typeof given[last] === 'function') given[last] = inContext(given[last], ticket, als);
      return apply(original, this, given);
    },
  });
}

function inContext(callback, ticket, als) {
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

/** The ticket of the call that caused an error thrown in such a callback. */
function causeOf(error) {
  return error !== null && typeof error === 'object' ? weakGet(causes, error) : undefined;
}

module.exports = { causeOf, watchDriver };
