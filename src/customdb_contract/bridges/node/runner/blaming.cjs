'use strict';

// Which call an exception belongs to, where the asynchronous context can't tell: what a pool of connections runs, it
// runs in the context of the call that opened the connection, whichever call is under way.

const { executionAsyncResource } = require('node:async_hooks');
const { detach, hasText, indexOf, isInstance, slice } = require('./primordials.cjs');
const { read, textOf } = require('./attributes.cjs');

const { clearImmediate, clearTimeout, setImmediate, setTimeout } = globalThis;

const MOST_STACK = 20_000;
const FRAME = '\n    at ';

const timeout = setTimeout(() => undefined, 0);
const immediate = setImmediate(() => undefined);
const { constructor: Timeout } = timeout;
const { constructor: Immediate } = immediate;
clearTimeout(timeout);
clearImmediate(immediate);

/** Whether a timer runs: only the call that set it can have caused what that throws. */
function isTimer() {
  const resource = executionAsyncResource();
  return isInstance(resource, Timeout) || isInstance(resource, Immediate);
}

/** Calls by the script that they are of. */
class Blaming {
  constructor(locate) {
    this.locate = locate;
    this.latest = { __proto__: null };
  }

  /** A call begins. */
  begin(call) {
    if (call.file !== undefined) this.latest[call.file] = call;
  }

  /**
   * The call that an exception belongs to, `own` being that of the context and `current` the one that is under way; null
   * where nothing tells which call of the script that is.
   */
  blamed(error, { own, current, escape }) {
    if (own === undefined || own.file === undefined || !own.isClosed) return own ?? current;
    if (escape === 'error-event' || (escape === 'later' && isTimer())) return own;
    const stack = read(error, 'stack');
    const place = this.locate(stack);
    if (place === null) return escape === 'later' && isOfModule(textOf(stack)) ? null : own;
    if (isIn(place, own.file)) return escape === 'later' && current?.file === own.file ? current : own;
    for (const file in this.latest) if (isIn(place, file)) return this.latest[file];
    return own;
  }
}

detach(Blaming);

/** A place is a file with a line, and often a column. */
function isIn(place, file) {
  return indexOf(place, `${file}:`) === 0;
}

/** Whether a file is in a stack; the only files beside scripts are those of modules. */
function isOfModule(whole) {
  const stack = slice(whole, 0, MOST_STACK);
  for (let start = indexOf(stack, FRAME), end = 0; start >= 0; start = end) {
    end = indexOf(stack, FRAME, start + 1);
    const frame = slice(stack, start, end < 0 ? stack.length : end);
    if (hasText(frame, '/') && !hasText(frame, 'node:')) return true;
  }
  return false;
}

module.exports = { Blaming };
