'use strict';

// The socket to the bridge: lines of JSON, each of ours after the token that distinguishes it from a script's output.

const fs = require('node:fs');
const net = require('node:net');
const { indexOf, isolate, latin1, slice, wait } = require('./primordials.cjs');

const { writeSync } = fs;
const { _kill: kill, pid } = process;
const SIGKILL = 9;
const PIECE = 65_536;
const LONGEST_INTERVAL = 2 ** 31 - 1;

// Scripts can read the arguments too, and must not find the socket there.
const descriptor = Number(process.argv.pop());
const sleeper = new Int32Array(new SharedArrayBuffer(4));
// The socket never keeps the process alive itself: Node shows scripts the handles that do.
const alive = isolate(setInterval(() => undefined, LONGEST_INTERVAL));
let token = '';

/**
 * Calls `onLine` with each line that arrives; when nothing can arrive any longer, this process is not needed.
 * @type {(onLine: (line: string) => void) => void}
 */
function listen(onLine) {
  let rest = '';
  /** @type {(size: number, bytes: Uint8Array) => boolean} */
  const receive = (size, bytes) => {
    let text = latin1(bytes, 0, size);
    for (let end = indexOf(text, '\n'); end >= 0; end = indexOf(text, '\n')) {
      const line = rest + slice(text, 0, end);
      rest = '';
      text = slice(text, end + 1);
      onLine(line);
    }
    rest += text;
    return true;
  };
  const onread = { buffer: Buffer.alloc(PIECE), callback: receive };
  const socket = new net.Socket({ fd: descriptor, readable: true, writable: true, onread });
  socket.on('close', die);
  socket.on('error', die);
  socket.unref();
  isolate(socket);
}

/** @type {(given: string) => void} */
function authenticate(given) {
  token = given;
}

/**
 * Sends a message, and blocks until all of it is written, so that nothing else is written in between.
 * @type {(json: string) => void}
 */
function send(json) {
  let text = `${token} ${json}\n`;
  while (text !== '') {
    try {
      text = slice(text, writeSync(descriptor, text, null, 'latin1'));
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') die();
      wait(sleeper, 0, 0, 1);
    }
  }
}

function stayAlive() {
  alive.ref();
}

/** From now on, the process ends when a script has nothing left to do. */
function mayEnd() {
  alive.unref();
}

function die() {
  kill(pid, SIGKILL);
}

module.exports = { authenticate, die, listen, mayEnd, send, stayAlive };
