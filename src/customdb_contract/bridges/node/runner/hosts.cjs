'use strict';

// The hosts that scripts name are somewhere else while they are checked: [database] hosts says where. A host that it does
// not name and that cannot be reached is noticed.

const { errorMonitor } = require('node:events');
const { syncBuiltinESMExports } = require('node:module');
const { execute, keysOf, lower } = require('./primordials.cjs');
const { lead } = require('./connections.cjs');

const LOOPBACK = /^(?:localhost|127\.[\d.]+|::1|)$/i;

function leadHosts(hosts, callNow) {
  const routes = { __proto__: null };
  const names = keysOf(hosts);
  for (let index = 0; index < names.length; index += 1) routes[names[index]] = hosts[names[index]];
  const routeOf = ({ host, port }) => routes[`${lower(host)}:${port}`] ?? routes[lower(host)] ?? null;
  const onConnect = ({ host, port }, socket) => {
    if (execute(LOOPBACK, host) !== null) return;
    const call = callNow();
    let isReached = false;
    const tell = () => {
      if (!isReached) call?.notice('host-out-of-reach', `${host}:${port}`);
    };
    socket.once('connect', () => {
      isReached = true;
    });
    // A monitor is no listener: an error for which a script does not listen still ends its process.
    socket.once(errorMonitor, tell);
    socket.once('close', tell);
  };
  lead({ routeOf, onConnect });
  // What is imported from the built-in modules is replaced as well.
  syncBuiltinESMExports();
}

module.exports = { leadHosts };
