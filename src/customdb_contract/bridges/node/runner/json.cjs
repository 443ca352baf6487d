'use strict';

// JSON as text that is put together by hand, in ASCII: no object of a message could meet a `toJSON` or a setter.

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
 * How many there are of something, or null where that is no such number.
 * @type {(value: any) => string}
 */
function count(value) {
  return isSafeInteger(value) && value >= 0 ? `${value}` : 'null';
}

/** Texts that are JSON already, as one array of JSON, no more of them than there is room for. */
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
   * Whether it had room for one more.
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
