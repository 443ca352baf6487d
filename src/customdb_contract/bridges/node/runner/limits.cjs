'use strict';

// The limits of what is reported. They are sent when the container is opened, and explained in _limits.py.

/**
 * @typedef {object} Limits
 * @property {number} depth
 * @property {number} text
 * @property {number} items
 * @property {number} characters
 * @property {number} arguments
 * @property {number} callbacks
 * @property {number} callbackCharacters
 * @property {number} apiCalls
 * @property {number} observations
 * @property {number} output
 * @property {number} late
 * @property {number} notes
 */

const { keysOf } = require('./primordials.cjs');

/** @type {Limits & { __proto__: null }} */
const limits = {
  __proto__: null,
  depth: 0,
  text: 0,
  items: 0,
  characters: 0,
  arguments: 0,
  callbacks: 0,
  callbackCharacters: 0,
  apiCalls: 0,
  observations: 0,
  output: 0,
  late: 0,
  notes: 0,
};

const NAMES = /** @type {(keyof Limits)[]} */ (keysOf(limits));

/**
 * Sets the limits, before anything is reported.
 * @type {(given: Limits) => void}
 */
function takeLimits(given) {
  for (let index = 0; index < NAMES.length; index += 1) limits[NAMES[index]] = given[NAMES[index]];
}

module.exports = { limits, takeLimits };
