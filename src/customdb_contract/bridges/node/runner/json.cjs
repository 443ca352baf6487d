'use strict';

// JSON assembled by hand as text, in ASCII, so that no object of a message can meet a `toJSON` or a setter.

const { codeAt, detach, execute, isSafeInteger, numberText, slice, stringify } = require('./primordials.cjs');

const NOT_ASCII = /[^\0-\x7f]/;

/**
 * A text as JSON.
 * @type {(text: string) => string}
 */
function quote(text) {
  const quoted = stringify(text);
  return execute(NOT_ASCII, quoted) === null ? quoted : escape(quoted);
}

/** @type {(text: string) => string} */
function escape(text) {
  let escaped = '';
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = codeAt(text, index);
    if (code < 0x80) continue;
    escaped += `${slice(text, start, index)}\\u${slice(`000${numberText(code, 16)}`, -4)}`;
    start = index + 1;
  }
  return escaped + slice(text, start);
}

/**
 * The number of items of something, or null if it is not such a number.
 * @type {(value: any) => string}
 */
function count(value) {
  return isSafeInteger(value) && value >= 0 ? `${value}` : 'null';
}

/** Texts that are already JSON, as one JSON array, limited to the available room. */
class Items {
  /**
   * @param {number} most
   * @param {number} mostCharacters
   */
  constructor(most, mostCharacters) {
    this.most = most;
    this.charactersLeft = mostCharacters;
    this.number = 0;
    this.text = '';
  }

  /**
   * Whether there was room for one more.
   * @type {(json: string) => boolean}
   */
  add(json) {
    if (this.number >= this.most || json.length > this.charactersLeft) return false;
    this.charactersLeft -= json.length;
    this.text += this.number === 0 ? json : `,${json}`;
    this.number += 1;
    return true;
  }

  get json() {
    return `[${this.text}]`;
  }
}

detach(Items);

module.exports = { Items, count, quote };
