'use strict';

// The container: one Node process that runs scripts, one call after another, and reports over its own socket what each
// call did. Output of a script never reaches that socket. The kind of scripts is defined by the caller of `serve`.

/**
 * @typedef {InstanceType<typeof import('./call.cjs').Call>} Call
 * @typedef {import('./call.cjs').Escape} Escape
 * @typedef {{ token: string, limits: import('./limits.cjs').Limits }} Order
 */

/**
 * @typedef {object} Kind
 * @property {(order: any) => string} open
 * @property {(order: any) => void} call
 * @property {(call: any) => void} look
 * @property {'outcome' | 'run'} outcome
 * @property {boolean} hasLateEvents
 * @property {(() => boolean) | null} renew
 */

const { AsyncLocalStorage, AsyncResource } = require('node:async_hooks');
const { isProxy } = require('node:util/types');
const primordials = require('./primordials.cjs');
const { authenticate, die, listen, mayEnd, send, stayAlive } = require('./control.cjs');
const { Blaming } = require('./blaming.cjs');
const { callOf } = require('./call.cjs');
const { captureOutput } = require('./output.cjs');
const { causeOf } = require('./drivers.cjs');
const { nameOf, read } = require('./attributes.cjs');
const { Items, quote } = require('./json.cjs');
const { limits, takeLimits } = require('./limits.cjs');
const { watchRequests } = require('./observing.cjs');

const { append, codeAt, defineProperty, hasOwn, indexOf, isolate, keysOf } = primordials;
const { parse, slice, symbolDescription, symbolsOf, uncurry } = primordials;
const { clearTimeout, setImmediate, setTimeout } = globalThis;

const IDLE_MILLISECONDS = 250;
const MOST_LATE_CHARACTERS = 16_000_000;
const MOST_NOTE_CHARACTERS = 100_000;
const MOST_STACK = 20_000;
const MOST_DIGITS = 9;

/** @type {AsyncLocalStorage<object>} */
const als = isolate(new AsyncLocalStorage());
const inScope = uncurry(AsyncResource.prototype.runInAsyncScope);

let late = new Items(0, 0);
let notes = new Items(0, 0);
/** @type {Call | null} */
let current = null;
/** @type {NodeJS.Timeout | null} */
let settling = null;
/** @type {Kind} */
let kind;
/** @type {string[]} */
const files = [];
const blaming = new Blaming(locate);

/** @type {() => Call | null} */
const callNow = () => callOf(als.getStore()) ?? current;
const sink = { add: (/** @type {string} */ json) => late.add(json) };

/**
 * Sends news: the fields of a message as JSON, and late events of earlier calls since the last one.
 * @type {(fields: string) => void}
 */
function tell(fields) {
  const news = `"late":${late.json},"notes":${notes.json}`;
  forget();
  send(fields === '' ? `{${news}}` : `{${fields},${news}}`);
}

function forget() {
  late = new Items(limits.late, MOST_LATE_CHARACTERS);
  notes = new Items(limits.notes, MOST_NOTE_CHARACTERS);
}

/**
 * The location in a script that a stack names, as `file:line:column`.
 * @type {import('./encoding.cjs').Locate}
 */
function locate(stack) {
  if (typeof stack !== 'string') return null;
  const text = slice(stack, 0, MOST_STACK);
  for (let start = 0, end; start < text.length; start = end + 1) {
    const found = indexOf(text, '\n', start);
    end = found < 0 ? text.length : found;
    const place = placeIn(slice(text, start, end));
    if (place !== null) return place;
  }
  return null;
}

/** @type {(line: string) => string | null} */
function placeIn(line) {
  for (let index = 0; index < files.length; index += 1) {
    const at = indexOf(line, `${files[index]}:`);
    const row = at < 0 ? '' : digits(line, at + files[index].length);
    if (row === '') continue;
    return `${files[index]}${row}${digits(line, at + files[index].length + row.length)}`;
  }
  return null;
}

/**
 * A colon and the digits after it, or nothing.
 * @type {(text: string, start: number) => string}
 */
function digits(text, start) {
  if (text[start] !== ':') return '';
  let end = start + 1;
  while (end < text.length && end - start <= MOST_DIGITS && isDigit(codeAt(text, end))) end += 1;
  return end > start + 1 ? slice(text, start, end) : '';
}

/** @type {(code: number) => boolean} */
function isDigit(code) {
  return code >= 48 && code <= 57;
}

/**
 * Makes `locate` find locations in a file.
 * @type {(file: string) => void}
 */
function know(file) {
  append(files, file);
}

/** @type {(text: string) => void} */
function note(text) {
  notes.add(quote(text));
}

/**
 * Runs a call as the current one, until `finish`.
 * @type {(call: Call, run: () => void) => void}
 */
function begin(call, run) {
  current = call;
  blaming.begin(call);
  mayEnd();
  // In a scope of its own, because a script can see the resource in whose scope it runs.
  inScope(new AsyncResource('SCRIPT'), () => als.run(call.ticket, run));
}

/** @type {(call: Call) => void} */
function finish(call) {
  if (current !== call) return;
  current = null;
  stayAlive();
  kind.look(call);
  tell(`"id":${call.id},"${kind.outcome}":${call.close()}`);
}

/** @type {(line: string) => void} */
function onLine(line) {
  const message = parse(line);
  if (hasOwn(message, 'open')) open(message.open);
  else if (hasOwn(message, 'call')) kind.call(message.call);
  else if (hasOwn(message, 'cancel')) cancel();
  else if (hasOwn(message, 'late') && kind.hasLateEvents) settle(message.late);
  else if (hasOwn(message, 'renew') && kind.renew !== null) tell(`"renewed":${kind.renew()}`);
  else die();
}

/**
 * Reports late events as soon as nothing is running, and no later than after some milliseconds.
 * @type {(milliseconds: number) => void}
 */
function settle(milliseconds) {
  settling = isolate(setTimeout(tellLate, milliseconds));
  settling.unref();
  mayEnd();
}

/** Whatever is due runs first. */
function tellLate() {
  clearTimeout(/** @type {NodeJS.Timeout} */ (settling));
  settling = null;
  stayAlive();
  setImmediate(() => setImmediate(() => tell('')));
}

function cancel() {
  if (current === null) return;
  if (current.ended === null) current.expire();
  else finish(current);
}

/** @type {(order: Order) => void} */
function open(order) {
  authenticate(order.token);
  takeLimits(order.limits);
  forget();
  captureOutput(callNow);
  watchRequests(callNow);
  tell(`"opened":${kind.open(order)}`);
}

process.on('beforeExit', () => {
  stayAlive();
  if (settling !== null) tellLate();
  const call = current;
  if (call === null) return;
  if (call.ended !== null) {
    finish(call);
    return;
  }
  // Nothing is left that could ever end the call: waiting for its time to be up would show nothing new.
  setTimeout(() => {
    /* c8 ignore next -- its time may be up within these milliseconds, or not */
    if (current !== call) return;
    call.notice('nothing-left', `${IDLE_MILLISECONDS}`);
    call.expire();
  }, IDLE_MILLISECONDS);
});

process.on('uncaughtException', (error, origin) => {
  escaped(error, origin === 'unhandledRejection' ? 'rejection' : escapeOf(error));
});

process.on('unhandledRejection', (error) => {
  escaped(error, 'rejection');
});

/** @type {(error: unknown, escape: Escape) => void} */
function escaped(error, escape) {
  const own = callOf(als.getStore());
  const call = callOf(causeOf(error)) ?? blaming.blamed(error, { own, current, escape });
  if (call !== null) call.escaped(error, escape);
  else if (own !== undefined && !own.isProbe(error)) {
    note(`a module threw ${nameOf(error)} outside the call that started it; no script is blamed for that`);
  }
}

process.on('exit', (code) => {
  const call = current;
  if (call === null) return;
  current = null;
  const cause = callNow();
  // Code left running by an earlier call can end the process, and with it the current call.
  if (cause !== call) cause?.notice('process-ended', `exit code ${code}`);
  tell(`"id":${call.id},"${kind.outcome}":${call.close('died')}`);
});

/**
 * Node marks the error of an event `error` without a listener.
 * @type {(error: any) => Escape}
 */
function escapeOf(error) {
  if (error === null || typeof error !== 'object') return 'later';
  if (read(error, 'code') === 'ERR_UNHANDLED_ERROR') return 'error-event';
  const symbols = isProxy(error) ? [] : symbolsOf(error);
  for (let index = 0; index < symbols.length; index += 1) {
    if (symbolDescription(symbols[index]) === 'kEnhanceStackBeforeInspector') return 'error-event';
  }
  return 'later';
}

/**
 * Begins to listen. A kind of scripts has `open(order)`, which returns its result as JSON; `call(message)`, which
 * begins a call; `look(call)`, which notices what is left when it is over; the name of its `outcome` in messages;
 * whether it reports late events, `hasLateEvents`; and `renew()`, which loads everything again and returns whether this
 * process was fit for that, or null. All messages are described in _messages.py.
 * @type {(what: Kind) => void}
 */
function serve(what) {
  kind = what;
  // Events of the process arrive even if a script has replaced what all emitters inherit. The runner's own modules
  // cannot be required by a script.
  defineProperty(process, 'emit', { value: process.emit, writable: true, configurable: true });
  const own = keysOf(require.cache);
  for (let index = 0; index < own.length; index += 1) delete require.cache[own[index]];
  /** @type {NodeJS.Module} */ (require.main).children.length = 0;
  listen(onLine);
}

module.exports = { als, begin, callNow, finish, know, locate, note, serve, sink };
