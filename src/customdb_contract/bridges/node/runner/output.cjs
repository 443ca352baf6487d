'use strict';

// What scripts print belongs to the call that printed it.

const { Console } = require('node:console');
const { Writable } = require('node:stream');

function captureOutput(callNow) {
  const print = (text) => callNow()?.print(text);
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _, done) {
      print(String(chunk));
      done();
    },
  });
  const captured = new Console({ stdout: stream, stderr: stream });
  globalThis.console = captured;
  for (const name of ['stdout', 'stderr']) {
    process[name].write = (chunk, encoding, done) => {
      print(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
      const after = typeof encoding === 'function' ? encoding : done;
      if (typeof after === 'function') process.nextTick(after);
      return true;
    };
  }
}

module.exports = { captureOutput };
