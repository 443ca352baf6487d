'use strict';

// Turns what a script hands over into JSON that loses nothing: what JSON would change is tagged with `$`.

const { types } = require('node:util');

const MOST_DEPTH = 50;
const MOST_ITEMS = 20_000;
const MOST_CHARACTERS = 2_000_000;
const MOST_TEXT = 65_536;

const ownErrors = new Map();

function knowError(constructor, fields) {
  ownErrors.set(constructor, fields);
}

class Encoding {
  constructor(locate) {
    this.locate = locate;
    this.items = MOST_ITEMS;
    this.characters = MOST_CHARACTERS;
    this.open = new Set();
  }

  encode(value, depth) {
    try {
      return this.encodeAny(value, depth);
    } catch (error) {
      return special('unreadable', nameOf(error));
    }
  }

  encodeAny(value, depth) {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : special('float', Object.is(value, -0) ? '-0' : String(value));
      case 'boolean':
        return value;
      case 'undefined':
        return special('undefined');
      case 'bigint':
        return special('bigint', this.cut(value.toString()));
      case 'symbol':
        return special('symbol', this.cut(String(value.description)));
      case 'function':
        return special('function', this.cut(String(value.name)));
      default:
        return value === null ? null : this.object(value, depth);
    }
  }

  object(value, depth) {
    if (this.open.has(value)) return special('cycle');
    if (depth >= MOST_DEPTH) return special('too-deep');
    if (this.items <= 0) return special('too-many');
    this.open.add(value);
    try {
      if (types.isNativeError(value) || value instanceof Error) return this.error(value, depth);
      if (Array.isArray(value)) return this.array(value, depth);
      const scalar = this.scalar(value, depth);
      return scalar === undefined ? this.mapping(value, depth) : scalar;
    } finally {
      this.open.delete(value);
    }
  }

  /** What JSON would make something else of: dates, buffers, ids of drivers, maps. */
  scalar(value, depth) {
    if (types.isDate(value)) {
      const time = Date.prototype.getTime.call(value);
      return special('Date', Number.isNaN(time) ? 'invalid' : new Date(time).toISOString());
    }
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
      const bytes = ArrayBuffer.isView(value)
        ? Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, MOST_TEXT))
        : Buffer.from(value).subarray(0, MOST_TEXT);
      return special(constructorName(value), bytes.toString('latin1'), value.byteLength);
    }
    if (types.isMap(value) || types.isSet(value)) return special(constructorName(value), '', value.size);
    if (types.isBoxedPrimitive(value)) return special(constructorName(value), this.cut(String(value)));
    if (types.isRegExp(value) || types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value)) {
      return special(constructorName(value), this.cut(String(value)));
    }
    if (typeof value._bsontype === 'string') {
      const kind = value._bsontype === 'ObjectID' ? 'ObjectId' : value._bsontype;
      return special(kind, this.cut(String(value)));
    }
    if (typeof value.toJSON !== 'function') return undefined;
    // A document of an object mapper is what its JSON is; a date or an id of one would become text unseen.
    const plain = value.toJSON('');
    const isObject = plain !== null && typeof plain === 'object' && plain !== value;
    return isObject ? this.encode(plain, depth + 1) : special(constructorName(value), this.cut(String(value)));
  }

  array(value, depth) {
    const items = [];
    for (let index = 0; index < value.length; index += 1) {
      if (this.items-- <= 0) {
        items.push(special('too-many', '', value.length - index));
        break;
      }
      items.push(this.encode(read(value, index), depth + 1));
    }
    return items;
  }

  mapping(value, depth) {
    const pairs = [];
    for (const key of Object.keys(value)) {
      if (this.items-- <= 0) {
        pairs.push(['…', special('too-many')]);
        break;
      }
      let item;
      try {
        item = this.encode(value[key], depth + 1);
      } catch (error) {
        item = special('unreadable', nameOf(error));
      }
      pairs.push([key.length > MOST_TEXT ? key.slice(0, MOST_TEXT) : key, item]);
    }
    if (pairs.some(([key]) => key.startsWith('$') || key === '__proto__')) return { $mapping: pairs };
    return Object.fromEntries(pairs);
  }

  error(value, depth) {
    let fields = [];
    let name = nameOf(value);
    for (const [constructor, names] of ownErrors) {
      if (value instanceof constructor) {
        name = constructor.name;
        fields = names;
      }
    }
    return {
      $error: this.cut(name),
      message: this.cut(messageOf(value)),
      arguments: fields.map((field) => this.encode(read(value, field) ?? null, depth + 1)),
      location: this.locate(read(value, 'stack')),
    };
  }

  text(value) {
    if (value.length <= MOST_TEXT && value.length <= this.characters) {
      this.characters -= value.length;
      return value;
    }
    return special('long-text', value.slice(0, MOST_TEXT), value.length);
  }

  cut(text) {
    return text.length > MOST_TEXT ? text.slice(0, MOST_TEXT) : text;
  }
}

function special(kind, text = '', size = null) {
  return { $special: kind, text, size };
}

function read(value, key) {
  try {
    return value[key];
  } catch {
    return undefined;
  }
}

function constructorName(value) {
  const constructor = read(value, 'constructor');
  const name = typeof constructor === 'function' ? read(constructor, 'name') : undefined;
  return typeof name === 'string' && name ? name : 'Object';
}

function nameOf(error) {
  if (error === null || typeof error !== 'object') return typeof error;
  const name = constructorName(error);
  const own = read(error, 'name');
  return name === 'Error' && typeof own === 'string' && own ? own : name;
}

function messageOf(error) {
  const message = read(error, 'message');
  return typeof message === 'string' ? message : '';
}

/** A value as JSON; `locate` finds the place in a script that a stack names. */
function encode(value, locate) {
  return new Encoding(locate).encode(value, 0);
}

/** Whatever was thrown, as an error: a text that is thrown has no class, so its type stands for it. */
function encodeThrown(value, locate) {
  const encoding = new Encoding(locate);
  if (types.isNativeError(value) || value instanceof Error) return encoding.encode(value, 0);
  let text;
  try {
    text = String(value);
  } catch {
    text = '';
  }
  return { $error: nameOf(value), message: encoding.cut(text), arguments: [], location: null };
}

module.exports = { encode, encodeThrown, knowError };
