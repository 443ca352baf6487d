'use strict';

// One call of what runs in the container: what it does until it is over is its outcome, what it does later is told as late.

const { hrtime } = process;
const { setImmediate } = globalThis;
const { detach, slice } = require('./primordials.cjs');
const { Budget, encodeThrown } = require('./encoding.cjs');
const { Items, number, quote } = require('./json.cjs');

const MOST_LATE_ERRORS = 20;
const MOST_OBSERVATIONS = 100;
const MOST_OUTPUT = 1_000_000;
const MOST_OBSERVATION_CHARACTERS = 1_000_000;
// A text that is longer is left out: where it is cut, half a secret could stay. V8 compares longer ones slowly, too.
const MOST_TEXT = 16_000;

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
  constructor(id, { locate, late, onEnd }) {
    this.id = id;
    this.locate = locate;
    this.late = late;
    this.onEnd = onEnd;
    this.ticket = new Ticket(this);
    this.budget = new Budget();
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

  /** Whether an exception is of the check's own making. */
  isProbe(_error) {
    return false;
  }

  escaped(error, escape) {
    if (this.isProbe(error)) return;
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

  /** A request that has failed when Node tells of it was made before, and perhaps before the end. */
  asked(text, hasFailed) {
    this.notice(this.isOver && !hasFailed ? 'late-request' : 'request', text);
  }

  notice(kind, text) {
    const told = text.length > MOST_TEXT ? `(${text.length} characters)` : text;
    const json = `{"kind":"${kind}","text":${quote(told)}}`;
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
    const outcome = `"ended":"${ended}",${this.own},"raised":${this.raised ?? 'null'}`;
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

module.exports = { Call, callOf };
