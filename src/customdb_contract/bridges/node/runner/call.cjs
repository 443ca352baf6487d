'use strict';

// One call of a script: what it does until it is over is its outcome, what it does later is told as late.

const { performance } = require('node:perf_hooks');
const { encode, encodeThrown } = require('./encoding.cjs');

const MOST_CALLBACKS = 20;
const MOST_OBSERVATIONS = 100;
const MOST_OUTPUT = 1_000_000;
// Python masks secrets, and then cuts: what is cut here is cut far behind what it shows.
const MOST_TEXT = 65_536;

class CallbackError extends Error {}

class Call {
  constructor(id, script, { locate, late, throwing, onEnd }) {
    this.id = id;
    this.script = script;
    this.locate = locate;
    this.late = late;
    this.onEnd = onEnd;
    this.failure = throwing ? new CallbackError('what Auth0 does with the result failed') : null;
    this.callbacks = [];
    this.observations = [];
    this.output = [];
    this.outputSize = 0;
    this.raised = null;
    this.escape = 'thrown';
    this.ended = null;
    this.isClosed = false;
    this.started = performance.now();
    this.duration = null;
  }

  run(script, given) {
    const callback = (...result) => this.called(result);
    try {
      const returned = script(...given, callback);
      if (returned !== null && typeof returned === 'object' && typeof returned.then === 'function') {
        returned.then(undefined, (error) => this.escaped(error, 'rejection'));
      }
    } catch (error) {
      this.escaped(error, 'thrown');
    }
  }

  called(given) {
    if (this.callbacks.length < MOST_CALLBACKS) {
      const recorded = this.recorded(given);
      if (this.isClosed) this.late.push({ call: this.id, arguments: recorded });
      this.callbacks.push(recorded);
    }
    this.end('callback');
    if (this.failure) throw this.failure;
  }

  /** For whoever is called back, a trailing undefined is no argument, and an undefined error is none. */
  recorded(given) {
    const kept = [...given];
    while (kept.length && kept[kept.length - 1] === undefined) kept.pop();
    if (!kept.length) kept.push(null);
    return kept.map((value, place) => (place === 0 && value === undefined ? null : encode(value, this.locate)));
  }

  escaped(error, escape) {
    if (this.failure && error === this.failure) {
      this.end('callback');
      return;
    }
    const raised = encodeThrown(error, this.locate);
    if (this.isClosed) {
      this.late.push({ call: this.id, raised, escape });
      return;
    }
    if (!this.raised) [this.raised, this.escape] = [raised, escape];
    this.end('raised');
  }

  notice(kind, text) {
    const late = kind === 'request' && this.callbacks.length > 0;
    const noticed = { kind: late ? 'late-request' : kind, text: text.slice(0, MOST_TEXT) };
    if (this.observations.some((other) => other.kind === noticed.kind && other.text === noticed.text)) return;
    if (this.observations.length >= MOST_OBSERVATIONS) return;
    this.observations.push(noticed);
    if (this.isClosed) this.late.push({ call: this.id, noticed });
  }

  print(text) {
    if (this.isClosed || this.outputSize >= MOST_OUTPUT) return;
    this.output.push(text.slice(0, MOST_OUTPUT - this.outputSize));
    this.outputSize += text.length;
  }

  /** Its time is up, or nothing is left that could end it. */
  expire() {
    this.end('timed-out');
  }

  end(how) {
    if (this.ended !== null) return;
    this.ended = how;
    this.duration = performance.now() - this.started;
    // What the script still does on its way out, such as calling back again, belongs to the call.
    setImmediate(() => setImmediate(() => this.onEnd(this)));
  }

  close() {
    this.isClosed = true;
    return {
      ended: this.ended ?? 'timed-out',
      callbacks: this.callbacks,
      raised: this.raised,
      escape: this.escape,
      output: this.output.join(''),
      observations: this.observations,
      seconds: (this.duration ?? performance.now() - this.started) / 1000,
    };
  }
}

module.exports = { Call };
