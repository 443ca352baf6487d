'use strict';

// Every connection of an Action leads to the stand-in for the legacy system, whatever host the Action names: one port of
// the loopback interface for plain connections, another for what would be TLS. Sockets are where all HTTP clients meet,
// and as the stand-in is asked in plain HTTP on both ports, nobody needs a certificate for every host of the world.

const dgram = require('node:dgram');
const dns = require('node:dns');
const net = require('node:net');
const tls = require('node:tls');
const { promisify } = require('node:util');
const { syncBuiltinESMExports } = require('node:module');
const { Error, apply, defineProperty, includes, isArray, keysOf, setPrototypeOf, startsWith } = require('./primordials.cjs');
const { WeakMap, weakHas, weakSet } = require('./primordials.cjs');

const { nextTick } = process;
const { resolve, reject } = Promise;

const HOST = '127.0.0.1';
const FAMILY = 4;
const IPV4_QUESTIONS = ['resolve', 'resolve4'];
const BINDINGS = ['cares_wrap', 'pipe_wrap', 'process_wrap', 'spawn_sync', 'tcp_wrap', 'tls_wrap', 'udp_wrap'];
const LONGEST_VALIDITY = 365 * 24 * 3_600_000;

const secured = new WeakMap();

function redirectTo({ plain, secure }) {
  redirectSockets(plain, secure);
  presentTls();
  answerNames();
  refuseDatagrams();
  refuseBindings();
  // What is imported from the built-in modules is replaced as well.
  syncBuiltinESMExports();
}

function redirectSockets(plain, secure) {
  const { connect } = net.Socket.prototype;
  const normalize = net._normalizeArgs;
  replace(net.Socket.prototype, 'connect', function connectToStandIn(...given) {
    const normalized = isArray(given[0]) ? given[0] : normalize(given);
    const options = {
      ...normalized[0],
      host: HOST,
      port: weakHas(secured, this) ? secure : plain,
      family: FAMILY,
      autoSelectFamily: false,
      path: undefined,
      lookup: undefined,
      localAddress: undefined,
      localPort: undefined,
    };
    return apply(connect, this, [options, normalized[1]]);
  });
}

/** `tls.connect` gives a plain socket that presents itself as an encrypted one whose other side was verified. */
function presentTls() {
  class PresentedSocket extends net.Socket {}
  // Clients ask whether it is one.
  setPrototypeOf(PresentedSocket.prototype, tls.TLSSocket.prototype);
  replace(tls, 'connect', function connect(...given) {
    const { options, callback } = tlsArguments(given);
    const isNew = !options.socket;
    const socket = isNew ? new PresentedSocket(options) : options.socket;
    if (isNew) weakSet(secured, socket, true);
    present(socket, options);
    if (typeof callback === 'function') socket.once('secureConnect', callback);
    const announce = () => socket.emit('secureConnect');
    if (isNew || socket.connecting) socket.once('connect', announce);
    else apply(nextTick, process, [announce]);
    if (isNew && options.timeout) socket.setTimeout(options.timeout);
    return isNew ? socket.connect(options) : socket;
  });
}

function tlsArguments(given) {
  const normalized = net._normalizeArgs(given);
  const more = isOptions(given[1]) ? given[1] : isOptions(given[2]) ? given[2] : {};
  return { options: { ...normalized[0], ...more }, callback: normalized[1] };
}

function isOptions(value) {
  return value !== null && typeof value === 'object';
}

function present(socket, options) {
  const name = options.servername || options.host || 'localhost';
  const own = {
    alpnProtocol: false,
    authorizationError: null,
    authorized: true,
    encrypted: true,
    servername: name,
    disableRenegotiation: () => undefined,
    enableTrace: () => undefined,
    exportKeyingMaterial: (length) => Buffer.alloc(length),
    getCertificate: () => ({}),
    getCipher: () => ({ name: 'TLS_AES_256_GCM_SHA384', standardName: 'TLS_AES_256_GCM_SHA384', version: 'TLSv1.3' }),
    getEphemeralKeyInfo: () => ({}),
    getFinished: () => undefined,
    getPeerCertificate: () => certificateOf(name),
    getPeerFinished: () => undefined,
    getPeerX509Certificate: () => undefined,
    getProtocol: () => 'TLSv1.3',
    getSession: () => undefined,
    getSharedSigalgs: () => [],
    getTLSTicket: () => undefined,
    getX509Certificate: () => undefined,
    isSessionReused: () => false,
    renegotiate: () => false,
    setMaxSendFragment: () => true,
    setServername: () => undefined,
    setSession: () => undefined,
  };
  const names = keysOf(own);
  for (let index = 0; index < names.length; index += 1) replace(socket, names[index], own[names[index]]);
}

function certificateOf(name) {
  const { now } = Date;
  const text = (time) => new Date(time).toUTCString();
  return {
    subject: { CN: name },
    issuer: { CN: 'stand-in' },
    subjectaltname: `DNS:${name}`,
    valid_from: text(now() - LONGEST_VALIDITY),
    valid_to: text(now() + LONGEST_VALIDITY),
    fingerprint: '',
    fingerprint256: '',
    serialNumber: '01',
    raw: Buffer.alloc(0),
  };
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

function replace(holder, name, value) {
  defineProperty(holder, name, { __proto__: null, value, writable: true, configurable: true, enumerable: true });
}

module.exports = { redirectTo };
