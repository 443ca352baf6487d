'use strict';

// One call of a script: what it does until it is over is its outcome, what it does later is told as late.

const { hrtime } = process;
const { setImmediate } = globalThis;
const { isPromise } = require('node:util/types');
const { Error, apply, detach, slice, then } = require('./primordials.cjs');
const { read } = require('./attributes.cjs');
const { Budget, encode, encodeThrown } = require('./encoding.cjs');
const { Items, number, quote } = require('./json.cjs');

const MOST_CALLBACKS = 20;
const MOST_ARGUMENTS = 20;
const MOST_LATE_ERRORS = 20;
const MOST_OBSERVATIONS = 100;
const MOST_OUTPUT = 1_000_000;
const MOST_CALLBACK_CHARACTERS = 16_000_000;
const MOST_OBSERVATION_CHARACTERS = 1_000_000;
// A text that is longer is left out: where it is cut, half a secret could stay. V8 compares longer ones slowly, too.
const MOST_TEXT = 16_000;

class CallbackError extends Error {}

/** What a script can find in the storage of its asynchronous context: only the runner reads a call from it. */
class Ticket {
  #call;

  constructor(call) {
    this.#call = call;
  }

  static callOf(ticket) {
    return typeof ticket === 'object' && ticket !== null && #call in ticket ? ticket.#call : undefined;
  }
}
delete Ticket.prototype.constructor;
detach(Ticket);

const { callOf } = Ticket;

class Call {
  constructor(id, { locate, late, throwing, onCalled, onEnd }) {
    this.id = id;
    this.locate = locate;
    this.late = late;
    this.onCalled = onCalled;
    this.onEnd = onEnd;
    this.ticket = new Ticket(this);
    this.failure = throwing ? new CallbackError('what Auth0 does with the result failed') : null;
    this.budget = new Budget();
    this.callbacks = new Items(MOST_CALLBACKS, MOST_CALLBACK_CHARACTERS);
    this.observations = new Items(MOST_OBSERVATIONS, MOST_OBSERVATION_CHARACTERS);
    this.lateErrors = 0;
    this.seen = { __proto__: null };
    this.output = '';
    this.raised = null;
    this.escape = 'thrown';
    this.ended = null;
    this.isClosed = false;
    this.started = seconds();
    this.duration = null;
  }

  run(script, given) {
    try {
      const returned = apply(script, undefined, given);
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

  called(given) {
    const wasClosed = this.isClosed;
    if (this.callbacks.number < MOST_CALLBACKS) {
      const recorded = this.recorded(given);
      const isKept = this.callbacks.add(recorded);
      if (isKept && wasClosed) this.late.add(`{"call":${this.id},"arguments":${recorded}}`);
      // Told at once: what the script does next may be a loop without end, or the end of the process.
      else if (isKept && this.ended === null) this.onCalled(this.id, recorded);
    }
    this.end('callback');
    if (this.failure) throw this.failure;
  }

  /** For whoever is called back, a trailing undefined is no argument, and an undefined error is none. */
  recorded(given) {
    let { length } = given;
    while (length > 0 && given[length - 1] === undefined) length -= 1;
    if (length === 0) return '[null]';
    let text = '';
    for (let place = 0; place < length && place < MOST_ARGUMENTS; place += 1) {
      if (place > 0) text += ',';
      text += place === 0 && given[0] === undefined ? 'null' : encode(given[place], this.locate, this.budget);
    }
    return `[${text}]`;
  }

  escaped(error, escape) {
    if (this.failure && error === this.failure) {
      this.end('callback');
      return;
    }
    if (this.isClosed) {
      if (this.lateErrors >= MOST_LATE_ERRORS) return;
      this.lateErrors += 1;
      const raised = encodeThrown(error, this.locate, this.budget);
      this.late.add(`{"call":${this.id},"raised":${raised},"escape":"${escape}"}`);
      return;
    }
    if (this.raised === null) {
      this.raised = encodeThrown(error, this.locate, this.budget);
      this.escape = escape;
    }
    this.end('raised');
  }

  notice(kind, text) {
    const noticed = kind === 'request' && this.callbacks.number > 0 ? 'late-request' : kind;
    const told = text.length > MOST_TEXT ? `(${text.length} characters)` : text;
    const json = `{"kind":"${noticed}","text":${quote(told)}}`;
    if (json in this.seen || !this.observations.add(json)) return;
    this.seen[json] = true;
    if (this.isClosed) this.late.add(`{"call":${this.id},"noticed":${json}}`);
  }

  print(text) {
    if (this.isClosed || this.output.length >= MOST_OUTPUT) return;
    this.output += slice(text, 0, MOST_OUTPUT - this.output.length);
  }

  /** Its time is up, or nothing is left that could end it. */
  expire() {
    this.end('timed-out');
  }

  end(how) {
    if (this.ended !== null) return;
    // What the script still does on its way out, such as calling back again, belongs to the call.
    setImmediate(() => setImmediate(() => this.onEnd(this)));
    this.ended = how;
    this.duration = seconds() - this.started;
  }

  /** The outcome as JSON; `ended` says how the call has ended where the call itself doesn't know. */
  close(ended = this.ended ?? 'timed-out') {
    this.isClosed = true;
    const outcome = `"ended":"${ended}","callbacks":${this.callbacks.json},"raised":${this.raised ?? 'null'}`;
    const seen = `"output":${quote(this.output)},"observations":${this.observations.json}`;
    const taken = number(this.duration ?? seconds() - this.started);
    return `{${outcome},"escape":"${this.escape}",${seen},"seconds":${taken}}`;
  }
}

detach(Call);

function seconds() {
  const time = hrtime();
  return time[0] + time[1] / 1e9;
}

/** Where a script has changed what promises are made of, Node itself still tells of a rejection. */
function watch(promise, onRejected) {
  try {
    then(promise, undefined, onRejected);
  } catch {
    // Then nothing is watched.
  }
}

module.exports = { Call, callOf };
