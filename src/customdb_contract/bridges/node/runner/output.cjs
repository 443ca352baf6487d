'use strict';

// The output of scripts belongs to the call that printed it.

const { Console } = require('node:console');
const { isUint8Array } = require('node:util/types');
const { nextTick } = process;
const { String, apply, replace, utf8 } = require('./primordials.cjs');

/** @type {(callNow: () => InstanceType<typeof import('./call.cjs').Call> | null) => void} */
function captureOutput(callNow) {
  /** @type {(text: string) => void} */
  const print = (text) => callNow()?.print(text);
  /** @type {any} */
  const sink = { __proto__: null, write: (/** @type {unknown} */ text) => print(String(text)) };
  globalThis.console = new Console({ stdout: sink, stderr: sink, ignoreErrors: false });
  for (const stream of [process.stdout, process.stderr]) {
    /** @type {(chunk: unknown, encoding?: unknown, done?: unknown) => boolean} */
    const write = (chunk, encoding, done) => {
      print(isUint8Array(chunk) ? utf8(/** @type {any} */ (chunk)) : String(chunk));
      const after = typeof encoding === 'function' ? encoding : done;
      if (typeof after === 'function') apply(nextTick, process, [after]);
      return true;
    };
    replace(stream, 'write', write);
  }
}

module.exports = { captureOutput };
