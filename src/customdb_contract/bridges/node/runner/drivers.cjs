'use strict';

// Pools of drivers call back in the context of the call that opened the socket. So that an exception in such a
// callback is told of the call that caused it, the callback keeps the context of the call that gave it. What the
// drivers do is not changed.

const POOLED = {
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
const watched = new WeakSet();

function watchDriver(name, driver, als, require) {
  for (const [constructor, methods] of POOLED[name] ?? []) {
    const prototype = prototypeOf(driver, constructor, require);
    if (!prototype || watched.has(prototype)) continue;
    watched.add(prototype);
    for (const method of methods) wrap(prototype, method, als);
  }
  return driver;
}

function prototypeOf(driver, constructor, require) {
  try {
    return (constructor.includes('/') ? require(constructor) : driver[constructor])?.prototype;
  } catch {
    return undefined;
  }
}

function wrap(prototype, method, als) {
  const original = prototype[method];
  if (typeof original !== 'function') return;
  Object.defineProperty(prototype, method, {
    configurable: true,
    writable: true,
    value(...given) {
      const last = given.length - 1;
      const call = als.getStore();
      if (call && typeof given[last] === 'function') given[last] = inContext(given[last], call, als);
      return original.apply(this, given);
    },
  });
}

function inContext(callback, call, als) {
  return function inContextOfItsCall(...given) {
    return als.run(call, () => {
      try {
        return callback.apply(this, given);
      } catch (error) {
        if (error !== null && typeof error === 'object') causes.set(error, call);
        throw error;
      }
    });
  };
}

/** The call that caused an error thrown in such a callback. */
function causeOf(error) {
  return error !== null && typeof error === 'object' ? causes.get(error) : undefined;
}

module.exports = { causeOf, watchDriver };
