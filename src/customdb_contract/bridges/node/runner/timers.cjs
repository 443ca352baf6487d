'use strict';

// The timers that an Action starts: one that is due far in the future, such as the timeout of a request that already
// has a response, is no reason to wait.

const { promisify } = require('node:util');
const { append, apply, replace, uncurry } = require('./primordials.cjs');

const { clearTimeout, setInterval, setTimeout } = globalThis;
const hasRef = uncurry(setTimeout(() => undefined, 0).hasRef);

const MOST_KEPT = 1000;

/** @type {NodeJS.Timeout[]} */
let timers = [];

function watchTimers() {
  watch('setTimeout', setTimeout);
  watch('setInterval', setInterval);
}

/** @type {(name: 'setTimeout' | 'setInterval', start: Function) => void} */
function watch(name, start) {
  const { [name]: watched } = {
    /** @type {(...given: unknown[]) => NodeJS.Timeout} */
    [name](...given) {
      const timer = apply(start, undefined, given);
      keep(timer);
      return timer;
    },
  };
  const own = /** @type {any} */ (start)[promisify.custom];
  if (own !== undefined) {
    replace(watched, promisify.custom, own);
    // Node marks the object that it returns, the first time.
    promisify(watched);
  }
  replace(globalThis, name, watched);
}

/** @type {(timer: NodeJS.Timeout) => void} */
function keep(timer) {
  if (timers.length >= MOST_KEPT) timers = alive();
  if (timers.length < MOST_KEPT) append(timers, timer);
}

function alive() {
  /** @type {NodeJS.Timeout[]} */
  const left = [];
  for (let index = 0; index < timers.length; index += 1) if (!timers[index]._destroyed) append(left, timers[index]);
  return left;
}

/**
 * How many timers that are not due within this time keep the process alive.
 * @type {(milliseconds: number) => number}
 */
function countLater(milliseconds) {
  timers = alive();
  // A timer that starts now knows the time of all timers.
  const probe = setTimeout(() => undefined, milliseconds);
  const until = probe._idleStart + milliseconds;
  clearTimeout(probe);
  let later = 0;
  for (let index = 0; index < timers.length; index += 1) {
    const timer = timers[index];
    if (hasRef(timer) && timer._idleStart + timer._idleTimeout > until) later += 1;
  }
  return later;
}

function endTimers() {
  for (let index = 0; index < timers.length; index += 1) clearTimeout(timers[index]);
  timers = [];
}

module.exports = { countLater, endTimers, watchTimers };
