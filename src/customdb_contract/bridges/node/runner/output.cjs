'use strict';

// What scripts print belongs to the call that printed it.

const { Console } = require('node:console');
const { isUint8Array } = require('node:util/types');
const { nextTick } = process;
const { String, apply, defineProperty, utf8 } = require('./primordials.cjs');

function captureOutput(callNow) {
  const print = (text) => callNow()?.print(text);
  const sink = { __proto__: null, write: (text) => print(String(text)) };
  globalThis.console = new Console({ stdout: sink, stderr: sink, ignoreErrors: false });
  for (const name of ['stdout', 'stderr']) {
    const write = (chunk, encoding, done) => {
      print(isUint8Array(chunk) ? utf8(chunk) : String(chunk));
      const after = typeof encoding === 'function' ? encoding : done;
      if (typeof after === 'function') apply(nextTick, process, [after]);
      return true;
    };
    const descriptor = { __proto__: null, value: write, writable: true, configurable: true, enumerable: true };
    defineProperty(process[name], 'write', descriptor);
  }
}

module.exports = { captureOutput };
