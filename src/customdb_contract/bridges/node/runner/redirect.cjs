'use strict';

// Every connection of an Action leads to the stand-in for the legacy system, whatever host the Action names: one port of
// the loopback interface for plain connections, another for what would be TLS. The stand-in is asked in plain HTTP on both.

const dgram = require('node:dgram');
const dns = require('node:dns');
const { promisify } = require('node:util');
const { syncBuiltinESMExports } = require('node:module');
const { Error, apply, includes, startsWith } = require('./primordials.cjs');
const { isOptions, lead, replace } = require('./connections.cjs');

const { nextTick } = process;
const { resolve, reject } = Promise;

const HOST = '127.0.0.1';
const FAMILY = 4;
const IPV4_QUESTIONS = ['resolve', 'resolve4'];
const BINDINGS = ['cares_wrap', 'pipe_wrap', 'process_wrap', 'spawn_sync', 'tcp_wrap', 'tls_wrap', 'udp_wrap'];

function redirectTo({ plain, secure }) {
  lead({ routeOf: ({ isTls }) => ({ host: HOST, port: isTls ? secure : plain, presentsTls: true }) });
  answerNames();
  refuseDatagrams();
  refuseBindings();
  // What is imported from the built-in modules is replaced as well.
  syncBuiltinESMExports();
}

/** Names are looked up nowhere: every host is here, and has no other records. */
function answerNames() {
  const found = (options) => (options?.all ? [{ address: HOST, family: FAMILY }] : { address: HOST, family: FAMILY });
  const lookup = (_, options) => apply(resolve, Promise, [found(isOptions(options) ? options : {})]);
  replace(dns.promises, 'lookup', lookup);
  const withCallback = (_, options, callback) => {
    const done = typeof options === 'function' ? options : callback;
    if (isOptions(options) && options.all) apply(nextTick, process, [done, null, found(options)]);
    else apply(nextTick, process, [done, null, HOST, FAMILY]);
  };
  replace(withCallback, promisify.custom, lookup);
  replace(dns, 'lookup', withCallback);
  for (const holder of [dns, dns.Resolver.prototype]) {
    for (const name of questionsOf(holder)) {
      replace(holder, name, (...given) => {
        const done = given[given.length - 1];
        const answer = answerTo(name, given);
        if (answer === null) apply(nextTick, process, [done, unknown(name, given)]);
        else apply(nextTick, process, [done, null, answer]);
      });
    }
  }
  for (const holder of [dns.promises, dns.promises.Resolver.prototype]) {
    for (const name of questionsOf(holder)) {
      replace(holder, name, (...given) => {
        const answer = answerTo(name, given);
        if (answer === null) return apply(reject, Promise, [unknown(name, given)]);
        return apply(resolve, Promise, [answer]);
      });
    }
  }
}

function questionsOf(holder) {
  const names = [];
  for (let from = holder; from !== null && from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    for (const name of Object.getOwnPropertyNames(from)) {
      const isQuestion = startsWith(name, 'resolve') || name === 'reverse' || name === 'lookupService';
      if (isQuestion && typeof holder[name] === 'function') names.push(name);
    }
  }
  return names;
}

function answerTo(question, given) {
  const kind = question === 'resolve' && typeof given[1] === 'string' ? given[1] : 'A';
  return includes(IPV4_QUESTIONS, question) && kind === 'A' ? [HOST] : null;
}

function unknown(question, given) {
  const error = new Error(`${question} ENOTFOUND ${given[0]}`);
  error.code = 'ENOTFOUND';
  return error;
}

function refuseDatagrams() {
  for (const name of ['bind', 'connect', 'send']) {
    replace(dgram.Socket.prototype, name, () => {
      const error = new Error(`${name} EACCES: datagrams are not sent while an Action is under check`);
      error.code = 'EACCES';
      throw error;
    });
  }
}

/** What lies below sockets; where Node can forbid that itself, it has done so. */
function refuseBindings() {
  const { binding } = process;
  replace(process, 'binding', (name) => {
    if (includes(BINDINGS, name)) throw new Error(`No such module: ${name}`);
    return apply(binding, process, [name]);
  });
}

module.exports = { redirectTo };
