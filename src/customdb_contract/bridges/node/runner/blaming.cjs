'use strict';

// Which call an exception belongs to, if the asynchronous context can't tell: code that a pool of connections runs has
// the context of the call that opened the connection, whichever call is running.

/**
 * @typedef {InstanceType<typeof import('./call.cjs').Call>} Call
 * @typedef {import('./call.cjs').Escape} Escape
 */

const { executionAsyncResource } = require('node:async_hooks');
const { WeakMap, apply, detach, dictionary, hasText, indexOf, isInstance } = require('./primordials.cjs');
const { keysOf, slice, weakGet, weakSet } = require('./primordials.cjs');
const { read, textOf } = require('./attributes.cjs');

const { clearImmediate, clearTimeout, setImmediate, setTimeout } = globalThis;
const { _getActiveHandles } = process;

const MOST_STACK = 20_000;
const FRAME = '\n    at ';

const timeout = setTimeout(() => undefined, 0);
const immediate = setImmediate(() => undefined);
const { constructor: Timeout } = timeout;
const { constructor: Immediate } = immediate;
clearTimeout(timeout);
clearImmediate(immediate);

/** Whether a timer is firing: only the call that set it can have caused what it throws. */
function isTimer() {
  const resource = executionAsyncResource();
  return isInstance(resource, Timeout) || isInstance(resource, Immediate);
}

/** The number of bytes written to each connection so far. */
class Written {
  constructor() {
    /** @type {WeakMap<object, number>} */
    this.bytes = new WeakMap();
    const open = apply(_getActiveHandles, process, []);
    for (let index = 0; index < open.length; index += 1) {
      const handle = read(open[index], '_handle');
      const bytes = bytesWritten(handle);
      if (bytes !== undefined) weakSet(this.bytes, handle, bytes);
    }
  }

  /** Whether an event of a connection is being handled that was written to since. */
  hasMoreOfThis() {
    const handle = executionAsyncResource();
    const before = weakGet(this.bytes, handle);
    return before !== undefined && /** @type {any} */ (bytesWritten(handle)) > before;
  }
}

detach(Written);

/** @type {(handle: unknown) => number | undefined} */
function bytesWritten(handle) {
  const bytes = handle !== null && typeof handle === 'object' ? read(handle, 'bytesWritten') : undefined;
  return typeof bytes === 'number' ? bytes : undefined;
}

/** Calls by their script. */
class Blaming {
  /** @param {import('./encoding.cjs').Locate} locate */
  constructor(locate) {
    this.locate = locate;
    /** @type {Record<string, Call>} */
    this.latest = dictionary();
    /** @type {Call | null} */
    this.last = null;
    this.written = new Written();
  }

  /**
   * A call begins.
   * @type {(call: Call) => void}
   */
  begin(call) {
    this.last = call;
    this.written = new Written();
    if (call.file !== undefined) this.latest[call.file] = call;
  }

  /**
   * The call that an exception belongs to, `own` being that of the context and `current` the running one; null if
   * nothing shows which call of the script it is.
   * @type {(error: unknown, seen: { own: Call | undefined, current: Call | null, escape: Escape }) => Call | null}
   */
  blamed(error, { own, current, escape }) {
    if (own === undefined || own.file === undefined || !own.isClosed) return own ?? current;
    if (escape === 'error-event' || (escape === 'later' && isTimer())) return own;
    const stack = read(error, 'stack');
    const place = this.locate(stack);
    if (place === null) return escape === 'later' && isOfModule(textOf(stack)) ? this.asking(own, current) : own;
    if (isIn(place, own.file)) return escape === 'later' && current?.file === own.file ? current : own;
    const files = keysOf(this.latest);
    for (let index = 0; index < files.length; index += 1) {
      if (isIn(place, files[index])) return this.latest[files[index]];
    }
    return own;
  }

  /**
   * The call that requested what a module failed to handle: the only possible one, or null.
   * @type {(own: Call, current: Call | null) => Call | null}
   */
  asking(own, current) {
    if (current === null) return this.last === own ? own : null;
    return current.ended === null && this.written.hasMoreOfThis() ? current : null;
  }
}

detach(Blaming);

/**
 * A place is a file with a line, and often a column.
 * @type {(place: string, file: string) => boolean}
 */
function isIn(place, file) {
  return indexOf(place, `${file}:`) === 0;
}

/**
 * Whether a file is in a stack; the only other files are those of modules.
 * @type {(whole: string) => boolean}
 */
function isOfModule(whole) {
  const stack = slice(whole, 0, MOST_STACK);
  for (let start = indexOf(stack, FRAME), end; start >= 0; start = end) {
    end = indexOf(stack, FRAME, start + 1);
    const frame = slice(stack, start, end < 0 ? stack.length : end);
    if (hasText(frame, '/') && !hasText(frame, 'node:')) return true;
  }
  return false;
}

module.exports = { Blaming };
