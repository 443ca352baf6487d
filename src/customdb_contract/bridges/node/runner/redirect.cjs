'use strict';

// Every connection of an Action leads to the stand-in for the legacy system, whatever host the Action names: one port
// of the loopback interface for plain connections, another for what would be TLS. Both serve plain HTTP.

const dgram = require('node:dgram');
const dns = require('node:dns');
const { promisify } = require('node:util');
const { syncBuiltinESMExports } = require('node:module');
const { Error, apply, includes, replace, startsWith } = require('./primordials.cjs');
const { isOptions, lead } = require('./connections.cjs');

const { nextTick } = process;
/** @type {{ resolve: (value: object) => Promise<object>, reject: (error: Error) => Promise<never> }} */
const { resolve, reject } = Promise;

const HOST = '127.0.0.1';
const FAMILY = 4;
const IPV4_QUESTIONS = ['resolve', 'resolve4'];
const BINDINGS = ['cares_wrap', 'pipe_wrap', 'process_wrap', 'spawn_sync', 'tcp_wrap', 'tls_wrap', 'udp_wrap'];

/** @type {(ports: { plain: number, secure: number }) => void} */
function redirectTo({ plain, secure }) {
  lead({ routeOf: ({ isTls }) => ({ host: HOST, port: isTls ? secure : plain, presentsTls: true }) });
  answerNames();
  refuseDatagrams();
  refuseBindings();
  // Imports from built-in modules are replaced as well.
  syncBuiltinESMExports();
}

/** Names are never looked up: every host is here, and has no other records. */
function answerNames() {
  /** @type {(options: any) => object} */
  const found = (options) => (options?.all ? [{ address: HOST, family: FAMILY }] : { address: HOST, family: FAMILY });
  /** @type {(name: unknown, options?: unknown) => Promise<object>} */
  const lookup = (_, options) => apply(resolve, Promise, [found(isOptions(options) ? options : {})]);
  replace(dns.promises, 'lookup', lookup);
  /** @type {(name: unknown, options: any, callback?: any) => void} */
  const withCallback = (_, options, callback) => {
    const done = typeof options === 'function' ? options : callback;
    if (isOptions(options) && options.all) apply(nextTick, process, [done, null, found(options)]);
    else apply(nextTick, process, [done, null, HOST, FAMILY]);
  };
  replace(withCallback, promisify.custom, lookup);
  replace(dns, 'lookup', withCallback);
  for (const holder of [dns, dns.Resolver.prototype]) {
    for (const name of questionsOf(holder)) {
      replace(holder, name, (/** @type {any[]} */ ...given) => {
        const done = given[given.length - 1];
        const answer = answerTo(name, given);
        if (answer === null) apply(nextTick, process, [done, unknown(name, given)]);
        else apply(nextTick, process, [done, null, answer]);
      });
    }
  }
  for (const holder of [dns.promises, dns.promises.Resolver.prototype]) {
    for (const name of questionsOf(holder)) {
      replace(holder, name, (/** @type {any[]} */ ...given) => {
        const answer = answerTo(name, given);
        if (answer === null) return apply(reject, Promise, [unknown(name, given)]);
        return apply(resolve, Promise, [answer]);
      });
    }
  }
}

/** @type {(holder: any) => string[]} */
function questionsOf(holder) {
  /** @type {string[]} */
  const names = [];
  for (let from = holder; from !== null && from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    for (const name of Object.getOwnPropertyNames(from)) {
      const isQuestion = startsWith(name, 'resolve') || name === 'reverse' || name === 'lookupService';
      if (isQuestion && typeof holder[name] === 'function') names.push(name);
    }
  }
  return names;
}

/** @type {(question: string, given: unknown[]) => string[] | null} */
function answerTo(question, given) {
  const kind = question === 'resolve' && typeof given[1] === 'string' ? given[1] : 'A';
  return includes(IPV4_QUESTIONS, question) && kind === 'A' ? [HOST] : null;
}

/** @type {(question: string, given: unknown[]) => Error} */
function unknown(question, given) {
  return coded(new Error(`${question} ENOTFOUND ${given[0]}`), 'ENOTFOUND');
}

/** @type {(error: Error, code: string) => Error} */
function coded(error, code) {
  replace(error, 'code', code);
  return error;
}

function refuseDatagrams() {
  for (const name of ['bind', 'connect', 'send']) {
    replace(dgram.Socket.prototype, name, () => {
      throw coded(new Error(`${name} EACCES: datagrams are not sent while an Action is being checked`), 'EACCES');
    });
  }
}

/** What lies below sockets; if Node can forbid that itself, it has done so. */
function refuseBindings() {
  const { binding } = process;
  replace(process, 'binding', (/** @type {string} */ name) => {
    if (includes(BINDINGS, name)) throw new Error(`No such module: ${name}`);
    return apply(binding, process, [name]);
  });
}

module.exports = { redirectTo };
