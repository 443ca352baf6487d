'use strict';

// One run of an Action: it is over when the promise of its handler is settled, and anything later is late.

const { apply } = require('./primordials.cjs');
const { Call } = require('./call.cjs');
const { encode } = require('./encoding.cjs');
const { Items } = require('./json.cjs');
const { limits } = require('./limits.cjs');

class ActionRun extends Call {
  /**
   * @param {number} id
   * @param {import('./call.cjs').CallOptions} options
   */
  constructor(id, options) {
    super(id, options);
    this.calls = new Items(limits.apiCalls, limits.callbackCharacters);
    this.isBusy = false;
  }

  get own() {
    return `"calls":${this.calls.json}`;
  }

  /**
   * `await` reads nothing that an Action can replace, unlike `then`.
   * @type {(handler: Function, event: object, api: object) => Promise<void>}
   */
  async run(handler, event, api) {
    try {
      await apply(handler, undefined, [event, api]);
    } catch (error) {
      this.escaped(error, 'thrown');
      return;
    }
    this.end('done');
  }

  /**
   * A call of `api`; the arguments are read immediately.
   * @type {(path: string, given: unknown[]) => void}
   */
  called(path, given) {
    if (this.isClosed) return;
    let text = '';
    for (let place = 0; place < given.length && place < limits.arguments; place += 1) {
      if (place > 0) text += ',';
      text += encode(given[place], this.locate, this.budget);
    }
    this.calls.add(`{"path":"${path}","arguments":[${text}],"late":${this.isOver}}`);
  }
}

module.exports = { ActionRun };
