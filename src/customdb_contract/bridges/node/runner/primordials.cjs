'use strict';

// The built-ins that the runner uses, copied before any script is loaded. A script shares its realm with the runner and
// can replace every one of them. So the runner calls these copies, and once scripts are loaded, it avoids syntax that
// implicitly uses others: methods, `for … of`, spread elements, patterns of arrays, `instanceof`, and a missing
// property of an object that inherits from Object.prototype.

const { apply, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys, setPrototypeOf } = Reflect;

/**
 * A method as a function whose first argument is the object.
 * @type {<Given extends any[], Made>(method: (...given: Given) => Made) => (self: any, ...given: Given) => Made}
 */
const uncurry = /** @type {any} */ (Function.prototype.bind.bind(Function.prototype.call));
/** @type {(prototype: object, name: PropertyKey) => (self: any) => any} */
const getter = (prototype, name) => uncurry(/** @type {any} */ (getOwnPropertyDescriptor(prototype, name)).get);
const hasOwn = uncurry(Object.prototype.hasOwnProperty);

/**
 * Own copies of everything that an object inherits, so that no change of its prototypes reaches it.
 * @type {<T extends object>(object: T) => T}
 */
function isolate(object) {
  /** @type {any} */
  let holder = getPrototypeOf(object);
  for (; holder !== Object.prototype; holder = getPrototypeOf(holder)) {
    for (const key of ownKeys(holder)) {
      const inherited = /** @type {PropertyDescriptor} */ (getOwnPropertyDescriptor(holder, key));
      if (!hasOwn(object, key)) defineProperty(object, key, inherited);
    }
  }
  setPrototypeOf(object, null);
  return object;
}

/**
 * Makes the instances of a class inherit nothing that scripts can change: an assignment would call a setter there.
 * @type {(constructor: { prototype: object }) => void}
 */
function detach(constructor) {
  setPrototypeOf(constructor.prototype, null);
}

/**
 * Adds an item to an array, bypassing any setter that its prototype has by then.
 * @type {<T>(array: T[], value: T) => void}
 */
function append(array, value) {
  replace(array, array.length, value);
}

/**
 * Sets a property of an object, in place of any that it has or inherits.
 * @type {(holder: object, name: PropertyKey, value: unknown) => void}
 */
function replace(holder, name, value) {
  const own = { __proto__: null, value, writable: true, enumerable: true, configurable: true };
  defineProperty(holder, name, own);
}

/**
 * A dictionary: it only contains what was put into it.
 * @type {<T>() => Record<string, T>}
 */
function dictionary() {
  return /** @type {any} */ ({ __proto__: null });
}

const hasInstance = uncurry(Function.prototype[Symbol.hasInstance]);
const TypedArray = /** @type {object} */ (getPrototypeOf(Uint8Array.prototype));

module.exports = {
  append,
  apply,
  defineProperty,
  detach,
  dictionary,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isolate,
  ownKeys,
  replace,
  setPrototypeOf,
  uncurry,

  ObjectPrototype: Object.prototype,
  freeze: Object.freeze,
  is: Object.is,
  keysOf: Object.keys,
  symbolsOf: Object.getOwnPropertySymbols,

  isArray: Array.isArray,
  includes: uncurry(Array.prototype.includes),

  String,
  hasText: uncurry(String.prototype.includes),
  lower: uncurry(String.prototype.toLowerCase),
  codeAt: uncurry(String.prototype.charCodeAt),
  indexOf: uncurry(String.prototype.indexOf),
  slice: uncurry(String.prototype.slice),
  startsWith: uncurry(String.prototype.startsWith),
  stringValue: uncurry(String.prototype.valueOf),

  isFinite: Number.isFinite,
  isSafeInteger: Number.isSafeInteger,
  min: Math.min,
  numberText: uncurry(Number.prototype.toString),
  numberValue: uncurry(Number.prototype.valueOf),
  bigintText: uncurry(BigInt.prototype.toString),
  bigintValue: uncurry(BigInt.prototype.valueOf),
  booleanValue: uncurry(Boolean.prototype.valueOf),
  symbolDescription: getter(Symbol.prototype, 'description'),
  symbolValue: uncurry(Symbol.prototype.valueOf),

  dateText: uncurry(Date.prototype.toISOString),
  dateTime: uncurry(Date.prototype.getTime),
  regexText: uncurry(RegExp.prototype.toString),
  execute: uncurry(RegExp.prototype.exec),

  Error,
  SyntaxError,
  TypeError,
  /** @type {(value: unknown, constructor: Function) => boolean} */
  isInstance: (value, constructor) => hasInstance(constructor, value),

  mapEach: uncurry(Map.prototype.forEach),
  mapSize: getter(Map.prototype, 'size'),
  Set,
  setAdd: uncurry(Set.prototype.add),
  setDelete: uncurry(Set.prototype.delete),
  setEach: uncurry(Set.prototype.forEach),
  setHas: uncurry(Set.prototype.has),
  setSize: getter(Set.prototype, 'size'),
  WeakMap,
  weakGet: uncurry(WeakMap.prototype.get),
  weakHas: uncurry(WeakMap.prototype.has),
  weakSet: uncurry(WeakMap.prototype.set),

  Uint8Array,
  bufferSize: getter(ArrayBuffer.prototype, 'byteLength'),
  sharedBufferSize: getter(SharedArrayBuffer.prototype, 'byteLength'),
  latin1: uncurry(Buffer.prototype.latin1Slice),
  utf8: uncurry(Buffer.prototype.utf8Slice),
  typedArray: {
    buffer: getter(TypedArray, 'buffer'),
    offset: getter(TypedArray, 'byteOffset'),
    size: getter(TypedArray, 'byteLength'),
  },
  dataView: {
    buffer: getter(DataView.prototype, 'buffer'),
    offset: getter(DataView.prototype, 'byteOffset'),
    size: getter(DataView.prototype, 'byteLength'),
  },

  Proxy,
  parse: JSON.parse,
  stringify: JSON.stringify,
  then: uncurry(Promise.prototype.then),
  wait: Atomics.wait,
};
