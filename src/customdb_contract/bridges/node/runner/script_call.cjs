'use strict';

// One call of a script of a database: it is over when the script has called back.

/**
 * @typedef {object} OwnOptions
 * @property {string} file
 * @property {boolean} throwing
 * @property {(id: number, recorded: string) => void} onCalled
 *
 * @typedef {import('./call.cjs').CallOptions & OwnOptions} ScriptOptions
 */

const { isPromise } = require('node:util/types');
const { Error, apply, hasText, then } = require('./primordials.cjs');
const { read, textOf } = require('./attributes.cjs');
const { Call } = require('./call.cjs');
const { encode } = require('./encoding.cjs');
const { Items } = require('./json.cjs');
const { limits } = require('./limits.cjs');

const MOST_CAUSES = 10;
const FAILED = 'what Auth0 does with the result failed';

/**
 * The error that a callback throws. Code that passes it on, as it is or as the cause or the text of another error, is
 * not to blame.
 */
class CallbackError extends Error {
  /** @type {boolean | undefined} */
  #own;

  constructor() {
    super(FAILED);
  }

  /** @type {(error: any) => boolean} */
  static isBehind(error) {
    let cause = error;
    for (let depth = 0; depth < MOST_CAUSES; depth += 1) {
      if (typeof cause === 'string') return hasText(cause, FAILED);
      if (typeof cause !== 'object' || cause === null) return false;
      if (#own in cause || hasText(textOf(read(cause, 'message')), FAILED)) return true;
      cause = read(cause, 'cause');
    }
    return false;
  }
}

const { isBehind } = CallbackError;

class ScriptCall extends Call {
  /**
   * @param {number} id
   * @param {ScriptOptions} options
   */
  constructor(id, { file, throwing, onCalled, ...options }) {
    super(id, options);
    this.file = file;
    this.onCalled = onCalled;
    this.failure = throwing ? new CallbackError() : null;
    this.callbacks = new Items(limits.callbacks, limits.callbackCharacters);
  }

  /** @override */
  get isOver() {
    return this.callbacks.number > 0;
  }

  get own() {
    return `"callbacks":${this.callbacks.json}`;
  }

  /** @type {(script: Function, given: unknown[]) => void} */
  run(script, given) {
    try {
      const returned = apply(script, undefined, given);
      /** @type {(error: unknown) => void} */
      const onRejected = (error) => this.escaped(error, 'rejection');
      if (isPromise(returned)) {
        watch(returned, onRejected);
      } else if (returned !== null && typeof returned === 'object') {
        const own = read(returned, 'then');
        if (typeof own === 'function') apply(own, returned, [undefined, onRejected]);
      }
    } catch (error) {
      this.escaped(error, 'thrown');
    }
  }

  /** @type {(given: unknown[]) => void} */
  called(given) {
    const wasClosed = this.isClosed;
    if (this.callbacks.number < limits.callbacks) {
      const recorded = this.recorded(given);
      const isKept = this.callbacks.add(recorded);
      if (isKept && wasClosed) this.late.add(`{"call":${this.id},"arguments":${recorded}}`);
      // Reported immediately: next, the script could enter an endless loop, or end the process.
      else if (isKept && this.ended === null) this.onCalled(this.id, recorded);
    }
    this.end('callback');
    if (this.failure) throw this.failure;
  }

  /**
   * A callback ignores a trailing undefined, and an undefined error is no error.
   * @type {(given: unknown[]) => string}
   */
  recorded(given) {
    let { length } = given;
    while (length > 0 && given[length - 1] === undefined) length -= 1;
    if (length === 0) return '[null]';
    let text = '';
    for (let place = 0; place < length && place < limits.arguments; place += 1) {
      if (place > 0) text += ',';
      text += place === 0 && given[0] === undefined ? 'null' : encode(given[place], this.locate, this.budget);
    }
    return `[${text}]`;
  }

  /**
   * @override
   * @type {(error: unknown) => boolean}
   */
  isProbe(error) {
    return isBehind(error);
  }
}

/**
 * If a script has changed what promises are made of, Node itself still reports a rejection.
 * @type {(promise: Promise<unknown>, onRejected: (error: unknown) => void) => void}
 */
function watch(promise, onRejected) {
  try {
    then(promise, undefined, onRejected);
  } catch {
    // Then nothing is watched.
  }
}

module.exports = { ScriptCall };
