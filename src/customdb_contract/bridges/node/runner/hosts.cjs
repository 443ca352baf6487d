'use strict';

// The hosts that scripts name can be elsewhere during a check: [database] hosts says where. A host that it does not
// name and that is unreachable is noticed.

/**
 * @typedef {import('./connections.cjs').Route} Route
 * @typedef {InstanceType<typeof import('./call.cjs').Call>} Call
 */

const dns = require('node:dns');
const { errorMonitor } = require('node:events');
const { syncBuiltinESMExports } = require('node:module');
const { isIP } = require('node:net');
const { promisify } = require('node:util');
const { apply, dictionary, indexOf, keysOf, lower, replace, slice } = require('./primordials.cjs');
const { isOptions, lead } = require('./connections.cjs');

const { nextTick } = process;
const OwnPromise = Promise;
/** @type {{ resolve: (value: object) => Promise<object> }} */
const { resolve } = OwnPromise;

const FAMILY = 4;
const BYTE = 256;

/** @type {(hosts: Record<string, Route>, callNow: () => Call | null) => void} */
function leadHosts(hosts, callNow) {
  /** @type {Record<string, Route>} */
  const routes = dictionary();
  const names = keysOf(hosts);
  for (let index = 0; index < names.length; index += 1) routes[names[index]] = hosts[names[index]];
  const { addresses, namedBy } = addressesOf(names);
  const lookup = names.length > 0 ? answerLookups(addresses) : undefined;
  /** @type {import('./connections.cjs').RouteOf} */
  const routeOf = ({ host, port }) => {
    const name = namedBy[host] ?? lower(host);
    const route = routes[`${name}:${port}`] ?? routes[name];
    if (route !== undefined) return route;
    // Another port of a host for which only some ports are redirected.
    return addresses[name] === undefined ? null : { host: name, port, lookup };
  };
  /** @type {import('./connections.cjs').OnConnect} */
  const onConnect = ({ host, port }, socket) => {
    // A socket in the file system has no host.
    if (host === '') return;
    const call = callNow();
    let isReached = false;
    const tell = () => {
      if (!isReached) call?.notice('host-out-of-reach', `${host}:${port}`);
    };
    socket.once('connect', () => {
      isReached = true;
    });
    // A monitor is not a listener: an error without a listener of the script still ends its process.
    socket.once(/** @type {any} */ (errorMonitor), tell);
    socket.once('close', tell);
  };
  lead({ routeOf, onConnect });
  // Imports from built-in modules are replaced as well.
  syncBuiltinESMExports();
}

/**
 * Each host has an address of its own, by which it is recognized: from the block for benchmarks (RFC 2544).
 * @type {(names: string[]) => { addresses: Record<string, string>, namedBy: Record<string, string> }}
 */
function addressesOf(names) {
  /** @type {Record<string, string>} */
  const addresses = dictionary();
  /** @type {Record<string, string>} */
  const namedBy = dictionary();
  for (let index = 0; index < names.length; index += 1) {
    const end = indexOf(names[index], ':');
    const name = end < 0 ? names[index] : slice(names[index], 0, end);
    if (isIP(name) === 0 && addresses[name] === undefined) {
      addresses[name] = `198.18.${(index - (index % BYTE)) / BYTE}.${index % BYTE}`;
      namedBy[addresses[name]] = name;
    }
  }
  return { addresses, namedBy };
}

/**
 * Some drivers look a name up before they connect, and then connect to an address. So a look-up of one of the hosts
 * returns its address; every other look-up is Node's own. Returns Node's own.
 * @type {(addresses: Record<string, string>) => import('./connections.cjs').Lookup}
 */
function answerLookups(addresses) {
  const ofNode = dns.lookup;
  const promisedByNode = dns.promises.lookup;
  /** @type {(name: unknown) => string | undefined} */
  const addressOf = (name) => (typeof name === 'string' ? addresses[lower(name)] : undefined);
  /** @type {(address: string, isAll: boolean) => object} */
  const answer = (address, isAll) => (isAll ? [{ address, family: FAMILY }] : { address, family: FAMILY });
  /** @type {(options: any) => boolean} */
  const asksForAll = (options) => isOptions(options) && options.all === true;
  const answers = {
    /** @type {(name: unknown, options: any, callback?: any) => unknown} */
    lookup(name, options, callback) {
      const done = typeof options === 'function' ? options : callback;
      const address = addressOf(name);
      if (address === undefined || typeof done !== 'function') return apply(ofNode, dns, arguments);
      const isAll = asksForAll(options);
      apply(nextTick, process, isAll ? [done, null, answer(address, isAll)] : [done, null, address, FAMILY]);
      return {};
    },
  };
  const promised = {
    /** @type {(name: unknown, options?: any) => Promise<object>} */
    lookup(name, options) {
      const address = addressOf(name);
      if (address === undefined) return apply(promisedByNode, dns.promises, arguments);
      return apply(resolve, OwnPromise, [answer(address, asksForAll(options))]);
    },
  };
  replace(answers.lookup, promisify.custom, promised.lookup);
  replace(dns, 'lookup', answers.lookup);
  replace(dns.promises, 'lookup', promised.lookup);
  return ofNode;
}

module.exports = { leadHosts };
