'use strict';

// Where connections lead. All clients use sockets, so a decision made here applies to every client: each connection
// gets a route, and follows it. A route with `presentsTls` leads to a server without TLS: a client that wants TLS gets
// a socket that presents itself as encrypted and verified, so no certificate is needed for the hosts of the world.

/**
 * @typedef {{ host: string, port: number, isTls: boolean }} Wanted
 * @typedef {(hostname: string, options: any, callback: any) => void} Lookup
 * @typedef {{ host: string, port: number, presentsTls?: boolean, lookup?: Lookup | undefined }} Route
 * @typedef {(wanted: Wanted) => Route | null} RouteOf
 * @typedef {(wanted: { host: string, port: number }, socket: import('node:net').Socket) => void} OnConnect
 */

const net = require('node:net');
const tls = require('node:tls');
const { WeakMap, apply, isArray, keysOf, replace, setPrototypeOf, weakGet, weakSet } = require('./primordials.cjs');

const { nextTick } = process;

const FAMILY = 4;
const LONGEST_VALIDITY = 365 * 24 * 3_600_000;
const IS_TLS = { isTls: true };
const IS_PLAIN = { isTls: false };

/** @type {WeakMap<object, Route>} */
const presented = new WeakMap();

/**
 * Redirects every connection to the result of `routeOf`. It is called with `host`, `port`, and whether the connection
 * would use TLS, and returns `host`, `port` and `presentsTls`. null leaves a connection as it is; so does `lookup`,
 * except that the name is looked up with it. `onConnect` is called with each socket that connects to where it was meant
 * to.
 * @type {(how: { routeOf: RouteOf, onConnect?: OnConnect }) => void}
 */
function lead({ routeOf, onConnect }) {
  leadSockets(routeOf, onConnect);
  presentTls(routeOf);
}

/** @type {(routeOf: RouteOf, onConnect?: OnConnect) => void} */
function leadSockets(routeOf, onConnect) {
  const { connect } = net.Socket.prototype;
  const normalize = net._normalizeArgs;
  /** @type {(this: import('node:net').Socket, ...given: any[]) => import('node:net').Socket} */
  function connectByRoute(...given) {
    const normalized = isArray(given[0]) ? given[0] : normalize(given);
    const wanted = asked(normalized[0], IS_PLAIN);
    /** @type {Route | null} */
    const route = weakGet(presented, this) ?? routeOf(wanted);
    if (route === null) {
      onConnect?.(wanted, this);
      return apply(connect, this, given);
    }
    if (route.lookup !== undefined) {
      onConnect?.(route, this);
      return apply(connect, this, [{ ...normalized[0], host: route.host, lookup: route.lookup }, normalized[1]]);
    }
    const options = {
      ...normalized[0],
      host: route.host,
      port: route.port,
      family: FAMILY,
      autoSelectFamily: false,
      path: undefined,
      lookup: undefined,
      localAddress: undefined,
      localPort: undefined,
    };
    return apply(connect, this, [options, normalized[1]]);
  }
  replace(net.Socket.prototype, 'connect', connectByRoute);
}

/** @type {(options: Record<string, any>, kind: { isTls: boolean }) => Wanted} */
function asked(options, { isTls }) {
  const isLocal = typeof options.path === 'string' && options.path !== '' && !options.port;
  return { host: isLocal ? '' : `${options.host || 'localhost'}`, port: Number(options.port), isTls };
}

/**
 * `tls.connect` returns a plain socket that presents itself as encrypted, with a verified peer.
 * @type {(routeOf: RouteOf) => void}
 */
function presentTls(routeOf) {
  class PresentedSocket extends net.Socket {}
  // Clients check whether it is one.
  setPrototypeOf(PresentedSocket.prototype, tls.TLSSocket.prototype);
  const { connect: connectTls } = tls;
  /** @type {(...given: any[]) => import('node:net').Socket} */
  function connect(...given) {
    const { options, callback } = tlsArguments(given);
    const route = routeOf(asked(options, IS_TLS));
    if (!route?.presentsTls) return apply(connectTls, tls, given);
    const isNew = !options.socket;
    const socket = isNew ? new PresentedSocket(options) : options.socket;
    if (isNew) weakSet(presented, socket, route);
    present(socket, options);
    if (typeof callback === 'function') socket.once('secureConnect', callback);
    const announce = () => socket.emit('secureConnect');
    if (isNew || socket.connecting) socket.once('connect', announce);
    else apply(nextTick, process, [announce]);
    if (isNew && options.timeout) socket.setTimeout(options.timeout);
    return isNew ? socket.connect(options) : socket;
  }
  replace(tls, 'connect', connect);
}

/** @type {(given: any[]) => { options: Record<string, any>, callback: unknown }} */
function tlsArguments(given) {
  const normalized = net._normalizeArgs(given);
  const more = isOptions(given[1]) ? given[1] : isOptions(given[2]) ? given[2] : {};
  return { options: { ...normalized[0], ...more }, callback: normalized[1] };
}

/** @type {(value: any) => boolean} */
function isOptions(value) {
  return value !== null && typeof value === 'object';
}

/** @type {(socket: import('node:net').Socket, options: Record<string, any>) => void} */
function present(socket, options) {
  const name = options.servername || options.host || 'localhost';
  /** @type {Record<string, unknown>} */
  const own = {
    alpnProtocol: false,
    authorizationError: null,
    authorized: true,
    encrypted: true,
    servername: name,
    disableRenegotiation: () => undefined,
    enableTrace: () => undefined,
    exportKeyingMaterial: (/** @type {number} */ length) => Buffer.alloc(length),
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

/** @type {(name: string) => object} */
function certificateOf(name) {
  const { now } = Date;
  /** @type {(time: number) => string} */
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

module.exports = { isOptions, lead };
