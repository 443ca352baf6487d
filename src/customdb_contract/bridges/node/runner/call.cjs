'use strict';

// A call in the container: what it does until it is over is its outcome; anything later is reported as late.

/**
 * @typedef {'thrown' | 'later' | 'rejection' | 'error-event'} Escape
 * @typedef {'callback' | 'raised' | 'timed-out' | 'died' | 'done'} Ending
 * @typedef {'request' | 'late-request' | 'argument-changed' | 'configuration-write' | 'kept-in-global'
 *   | 'implicit-global' | 'nothing-left' | 'open-sockets' | 'process-ended' | 'missing-configuration'
 *   | 'host-out-of-reach' | 'missing-secret' | 'still-running'} Noticed
 * @typedef {import('./encoding.cjs').Locate} Locate
 */

/**
 * @typedef {object} CallOptions
 * @property {Locate} locate
 * @property {{ add(json: string): boolean }} late
 * @property {(call: any) => void} onEnd is given the call when its outcome is complete
 */

const { hrtime } = process;
const { setImmediate } = globalThis;
const { detach, dictionary, slice } = require('./primordials.cjs');
const { Budget, encodeThrown } = require('./encoding.cjs');
const { Items, quote } = require('./json.cjs');
const { limits } = require('./limits.cjs');

const MOST_LATE_ERRORS = 20;
const MOST_OBSERVATION_CHARACTERS = 1_000_000;
// A longer text is left out: if it were cut, half a secret could stay. V8 also compares longer ones slowly.
const MOST_TEXT = 16_000;

/** A script can find this in the storage of its asynchronous context: only the runner reads a call from it. */
class Ticket {
  #call;

  /** @param {Call} call */
  constructor(call) {
    this.#call = call;
  }

  /** @type {(ticket: unknown) => Call | undefined} */
  static callOf(ticket) {
    return typeof ticket === 'object' && ticket !== null && #call in ticket ? ticket.#call : undefined;
  }
}
// @ts-expect-error -- no ticket may lead to its class
delete Ticket.prototype.constructor;
detach(Ticket);

const { callOf } = Ticket;

/** When a call is over, and additional fields of its outcome, are defined by its kind: `isOver` and `own`. */
class Call {
  /**
   * @param {number} id
   * @param {CallOptions} options
   */
  constructor(id, { locate, late, onEnd }) {
    this.id = id;
    this.locate = locate;
    this.late = late;
    this.onEnd = onEnd;
    this.ticket = new Ticket(this);
    this.budget = new Budget();
    this.observations = new Items(limits.observations, MOST_OBSERVATION_CHARACTERS);
    this.lateErrors = 0;
    /** @type {Record<string, boolean>} */
    this.seen = dictionary();
    this.output = '';
    /** @type {string | null} */
    this.raised = null;
    /** @type {Escape} */
    this.escape = 'thrown';
    /** @type {Ending | null} */
    this.ended = null;
    this.isClosed = false;
    this.started = seconds();
    /** @type {number | null} */
    this.duration = null;
    /** @type {string | undefined} */
    this.file = undefined;
  }

  get isOver() {
    return this.ended !== null;
  }

  /**
   * Whether an exception was created by the check itself.
   * @type {(error: unknown) => boolean}
   */
  isProbe(_error) {
    return false;
  }

  /** @type {(error: unknown, escape: Escape) => void} */
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

  /**
   * A request that has failed when Node reports it was made earlier, and perhaps before the end.
   * @type {(text: string, hasFailed: boolean) => void}
   */
  asked(text, hasFailed) {
    this.notice(this.isOver && !hasFailed ? 'late-request' : 'request', text);
  }

  /** @type {(kind: Noticed, text: string) => void} */
  notice(kind, text) {
    const told = text.length > MOST_TEXT ? `(${text.length} characters)` : text;
    const json = `{"kind":"${kind}","text":${quote(told)}}`;
    if (json in this.seen || !this.observations.add(json)) return;
    this.seen[json] = true;
    if (this.isClosed) this.late.add(`{"call":${this.id},"noticed":${json}}`);
  }

  /** @type {(text: string) => void} */
  print(text) {
    if (this.isClosed || this.output.length >= limits.output) return;
    this.output += slice(text, 0, limits.output - this.output.length);
  }

  /** Its time is up, or nothing is left that could end it. */
  expire() {
    this.end('timed-out');
  }

  /** @type {(how: Ending) => void} */
  end(how) {
    if (this.ended !== null) return;
    // Anything the script still does on its way out, such as calling back again, belongs to the call.
    setImmediate(() => setImmediate(() => this.onEnd(this)));
    this.ended = how;
    this.duration = seconds() - this.started;
  }

  /**
   * The outcome as JSON; `ended` says how the call has ended if the call itself doesn't know.
   * @type {(ended?: Ending | null) => string}
   */
  close(ended = this.ended) {
    this.isClosed = true;
    const outcome = `"ended":"${ended}",${/** @type {any} */ (this).own},"raised":${this.raised ?? 'null'}`;
    const seen = `"output":${quote(this.output)},"observations":${this.observations.json}`;
    const taken = this.duration ?? seconds() - this.started;
    return `{${outcome},"escape":"${this.escape}",${seen},"seconds":${taken}}`;
  }
}

detach(Call);

function seconds() {
  const time = hrtime();
  return time[0] + time[1] / 1e9;
}

module.exports = { Call, callOf };
