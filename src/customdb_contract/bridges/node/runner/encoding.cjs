'use strict';

// Converts values from a script to JSON without loss: what JSON would change is tagged with `$`.

/**
 * Finds the location in a script that a stack names.
 * @typedef {(stack: unknown) => string | null} Locate
 */

const { types } = require('node:util');
const {
  Error,
  Set,
  String,
  Uint8Array,
  append,
  apply,
  bigintText,
  bigintValue,
  booleanValue,
  bufferSize,
  codeAt,
  dataView,
  dateText,
  dateTime,
  detach,
  hasOwn,
  is,
  isArray,
  isFinite,
  isInstance,
  keysOf,
  latin1,
  mapSize,
  min,
  numberValue,
  regexText,
  setAdd,
  setDelete,
  setHas,
  setSize,
  sharedBufferSize,
  slice,
  stringValue,
  symbolDescription,
  symbolValue,
  typedArray,
} = require('./primordials.cjs');
const { constructorName, nameOf, read, textOf } = require('./attributes.cjs');
const { count, quote } = require('./json.cjs');
const { limits } = require('./limits.cjs');

const {
  isAnyArrayBuffer,
  isArrayBufferView,
  isBigIntObject,
  isBooleanObject,
  isBoxedPrimitive,
  isDataView,
  isDate,
  isMap,
  isNativeError,
  isNumberObject,
  isPromise,
  isRegExp,
  isSet,
  isSharedArrayBuffer,
  isStringObject,
  isWeakMap,
  isWeakSet,
} = types;

// Short names are always reported; their number is limited by the number of items.
const MOST_TEXT_FOR_FREE = 32;
const LARGEST_BIGINT = 1n << 4096n;
const DOLLAR = 36;

/** @type {{ constructor: Function, name: string, field: string | null }[]} */
const ownErrors = [];

/**
 * Registers an error class of Auth0 under its name, with the name of its additional field, or null.
 * @type {(constructor: Function, name: string, field: string | null) => void}
 */
function knowError(constructor, name, field) {
  append(ownErrors, { constructor, name, field });
}

/** The size that the values of one call can have together. */
class Budget {
  constructor() {
    this.items = limits.items;
    this.characters = limits.characters;
  }
}

class Encoding {
  /**
   * @param {Locate} locate
   * @param {Budget} budget
   */
  constructor(locate, budget) {
    this.locate = locate;
    this.budget = budget;
    this.open = new Set();
  }

  /** @type {(value: any, depth: number) => string} */
  encode(value, depth) {
    try {
      return this.encodeAny(value, depth);
    } catch (error) {
      return this.special('unreadable', nameOf(error));
    }
  }

  /** @type {(value: any, depth: number) => string} */
  encodeAny(value, depth) {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        if (is(value, -0)) return this.special('float', '-0');
        return isFinite(value) ? `${value}` : this.special('float', `${value}`);
      case 'boolean':
        return value ? 'true' : 'false';
      case 'undefined':
        return this.special('undefined');
      case 'bigint':
        return this.special('bigint', digitsOf(value));
      case 'symbol':
        return this.special('symbol', `${symbolDescription(value)}`);
      case 'function':
        return this.special('function', textOf(read(value, 'name')));
      default:
        return value === null ? 'null' : this.object(value, depth);
    }
  }

  /** @type {(value: any, depth: number) => string} */
  object(value, depth) {
    if (setHas(this.open, value)) return this.special('cycle');
    if (depth >= limits.depth) return this.special('too-deep');
    if (this.budget.items <= 0) return this.special('too-many');
    setAdd(this.open, value);
    try {
      if (isError(value)) return this.error(value, depth);
      if (isArray(value)) return this.array(value, depth);
      return this.scalar(value) ?? this.converted(value, depth) ?? this.mapping(value, depth);
    } finally {
      setDelete(this.open, value);
    }
  }

  /**
   * Values that JSON would change: dates, buffers, maps.
   * @type {(value: any) => string | undefined}
   */
  scalar(value) {
    if (isDate(value)) return this.special('Date', is(dateTime(value), NaN) ? 'invalid' : dateText(value));
    if (isArrayBufferView(value)) {
      const view = isDataView(value) ? dataView : typedArray;
      return this.bytes(value, view.buffer(value), view.offset(value), view.size(value));
    }
    if (isAnyArrayBuffer(value)) {
      return this.bytes(value, value, 0, isSharedArrayBuffer(value) ? sharedBufferSize(value) : bufferSize(value));
    }
    if (isMap(value)) return this.special(constructorName(value), '', mapSize(value));
    if (isSet(value)) return this.special(constructorName(value), '', setSize(value));
    if (isBoxedPrimitive(value)) return this.special(constructorName(value), unboxed(value));
    if (isRegExp(value)) return this.special(constructorName(value), textOf(regexText(value)));
    if (isPromise(value)) return this.special(constructorName(value), '[object Promise]');
    if (isWeakMap(value)) return this.special(constructorName(value), '[object WeakMap]');
    if (isWeakSet(value)) return this.special(constructorName(value), '[object WeakSet]');
    return undefined;
  }

  /** @type {(value: object, buffer: ArrayBufferLike, offset: number, size: number) => string} */
  bytes(value, buffer, offset, size) {
    const shown = new Uint8Array(buffer, offset, min(size, limits.text));
    return this.special(constructorName(value), latin1(shown, 0, min(size, limits.text)), size);
  }

  /**
   * Ids of drivers, and objects that define their own JSON.
   * @type {(value: any, depth: number) => string | undefined}
   */
  converted(value, depth) {
    const kind = read(value, '_bsontype');
    if (typeof kind === 'string') return this.special(kind === 'ObjectID' ? 'ObjectId' : kind, String(value));
    const convert = read(value, 'toJSON');
    if (typeof convert !== 'function') return undefined;
    // A document of an object mapper equals its JSON; a date or an id in it would become text unnoticed.
    const plain = apply(convert, value, ['']);
    const isObject = plain !== null && typeof plain === 'object' && plain !== value;
    return isObject ? this.encode(plain, depth + 1) : this.special(constructorName(value), String(value));
  }

  /** @type {(value: any[], depth: number) => string} */
  array(value, depth) {
    const length = typeof value.length === 'number' ? value.length : 0;
    let text = '[';
    for (let index = 0; index < length; index += 1) {
      if (index > 0) text += ',';
      if (this.budget.items-- <= 0) {
        text += this.special('too-many', '', length - index);
        break;
      }
      text += this.item(value, index, depth);
    }
    return `${text}]`;
  }

  /** @type {(value: any, depth: number) => string} */
  mapping(value, depth) {
    const keys = keysOf(value);
    const isPlain = !hasTag(keys);
    let text = '';
    for (let index = 0; index < keys.length; index += 1) {
      const isFull = this.budget.items-- <= 0 || this.budget.characters <= 0;
      const key = isFull ? '"\\u2026"' : quote(this.cut(keys[index]));
      const item = isFull ? this.special('too-many') : this.item(value, keys[index], depth);
      if (index > 0) text += ',';
      text += isPlain ? `${key}:${item}` : `[${key},${item}]`;
      if (isFull) break;
    }
    return isPlain ? `{${text}}` : `{"$mapping":[${text}]}`;
  }

  /** @type {(holder: any, key: PropertyKey, depth: number) => string} */
  item(holder, key, depth) {
    let item;
    try {
      if (!hasOwn(holder, key)) return this.special('undefined');
      item = holder[key];
    } catch (error) {
      return this.special('unreadable', nameOf(error));
    }
    return this.encode(item, depth + 1);
  }

  /** @type {(value: any, depth: number) => string} */
  error(value, depth) {
    let known;
    for (let index = 0; index < ownErrors.length; index += 1) {
      if (isInstance(value, ownErrors[index].constructor)) known = ownErrors[index];
    }
    const message = textOf(read(value, 'message'));
    if (known === undefined) return this.thrown(nameOf(value), message, '', value);
    const carried = known.field === null ? '' : this.encode(read(value, known.field) ?? null, depth + 1);
    return this.thrown(known.name, message, carried, value);
  }

  /** @type {(name: string, message: string, carried: string, error: any) => string} */
  thrown(name, message, carried, error) {
    const place = this.locate(read(error, 'stack'));
    const location = place === null ? 'null' : quote(place);
    const texts = `"$error":${quote(this.cut(name))},"message":${quote(this.cut(message))}`;
    return `{${texts},"arguments":[${carried}],"location":${location}}`;
  }

  /** @type {(value: string) => string} */
  text(value) {
    if (value.length <= limits.text && value.length <= this.budget.characters) {
      this.budget.characters -= value.length;
      return quote(value);
    }
    return this.special('long-text', value, value.length);
  }

  /** @type {(kind: string, text?: string, size?: number | null) => string} */
  special(kind, text = '', size = null) {
    const shown = `"$special":${quote(this.cut(kind))},"text":${text === '' ? '""' : quote(this.cut(text))}`;
    return `{${shown},"size":${count(size)}}`;
  }

  /**
   * As much of a text as Python accepts, or nothing when nothing is left of the budget. Python masks secrets, and then
   * cuts: this cut is far beyond the part that Python shows.
   * @type {(text: string) => string}
   */
  cut(text) {
    const cut = text.length > limits.text ? slice(text, 0, limits.text) : text;
    if (cut.length > MOST_TEXT_FOR_FREE) {
      if (cut.length > this.budget.characters) return '';
      this.budget.characters -= cut.length;
    }
    return cut;
  }
}

detach(Budget);
detach(Encoding);

/** @type {(keys: string[]) => boolean} */
function hasTag(keys) {
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index];
    if (codeAt(key, 0) === DOLLAR || key === '__proto__') return true;
  }
  return false;
}

/** @type {(value: unknown) => boolean} */
function isError(value) {
  return isNativeError(value) || isInstance(value, Error);
}

/**
 * The digits of a number, unless writing them takes minutes.
 * @type {(value: bigint) => string}
 */
function digitsOf(value) {
  return value < LARGEST_BIGINT && value > -LARGEST_BIGINT ? bigintText(value) : '';
}

/** @type {(value: unknown) => string} */
function unboxed(value) {
  if (isStringObject(value)) return stringValue(value);
  if (isNumberObject(value)) return `${numberValue(value)}`;
  if (isBooleanObject(value)) return `${booleanValue(value)}`;
  if (isBigIntObject(value)) return digitsOf(bigintValue(value));
  return `${symbolDescription(symbolValue(value))}`;
}

/**
 * A value as JSON; `locate` finds the location in a script that a stack names.
 * @type {(value: unknown, locate: Locate, budget?: Budget) => string}
 */
function encode(value, locate, budget = new Budget()) {
  return new Encoding(locate, budget).encode(value, 0);
}

/**
 * Anything that was thrown, as an error: a thrown string has no class, so its type is used instead.
 * @type {(value: unknown, locate: Locate, budget?: Budget) => string}
 */
function encodeThrown(value, locate, budget = new Budget()) {
  const encoding = new Encoding(locate, budget);
  if (value !== null && typeof value === 'object') {
    try {
      if (isError(value)) return encoding.error(value, 0);
    } catch {
      // A proxy that hides what it is.
    }
  }
  let text;
  try {
    text = String(value);
  } catch {
    text = '';
  }
  return encoding.thrown(nameOf(value), text, '', null);
}

module.exports = { Budget, encode, encodeThrown, knowError };
