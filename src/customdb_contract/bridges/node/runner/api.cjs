'use strict';

// `api` of the trigger post-login. Every call is recorded, and a method that returns a value at Auth0 does so here.
// Source: https://auth0.com/docs/actions/reference/post-login/post-login-api-object

const { ObjectPrototype, apply, dictionary, includes, isArray, setPrototypeOf } = require('./primordials.cjs');
const { read } = require('./attributes.cjs');
const { decodeToken, encodeToken } = require('./tokens.cjs');

/** @typedef {InstanceType<typeof import('./cache.cjs').Cache>} Cache */

/** @type {{ resolve: (value: object) => Promise<object> }} */
const { resolve } = Promise;
const { deleteProperty, set } = Reflect;

/** @type {Record<string, string[]>} */
const METHODS = /** @type {any} */ ({
  __proto__: null,
  access: ['deny'],
  accessToken: ['addScope', 'removeScope', 'setCustomClaim'],
  authentication: [
    'challengeWith',
    'challengeWithAny',
    'enrollWith',
    'enrollWithAny',
    'recordMethod',
    'setPrimaryUser',
  ],
  cache: ['delete', 'get', 'set'],
  groups: ['getUserGroups', 'hasGroupMembership'],
  idToken: ['setCustomClaim'],
  multifactor: ['enable'],
  prompt: ['render'],
  redirect: ['canRedirect', 'encodeToken', 'sendUserTo', 'validateToken'],
  refreshToken: ['deleteMetadata', 'evictMetadata', 'revoke', 'setExpiresAt', 'setIdleExpiresAt', 'setMetadata'],
  roles: ['getUserEffectiveRoles', 'getUserEffectiveRolesByIds', 'getUserEffectiveRolesByNames'],
  rules: ['wasExecuted'],
  samlResponse: [
    'setAttribute',
    'setAudience',
    'setAuthnContextClassRef',
    'setCert',
    'setCreateUpnClaim',
    'setDestination',
    'setDigestAlgorithm',
    'setEncryptionAlgorithm',
    'setEncryptionCert',
    'setEncryptionPublicKey',
    'setIncludeAttributeNameFormat',
    'setIssuer',
    'setKey',
    'setLifetimeInSeconds',
    'setMapIdentities',
    'setMapUnknownClaimsAsIs',
    'setNameIdentifierFormat',
    'setNameIdentifierProbes',
    'setPassthroughClaimsWithNoMapping',
    'setRecipient',
    'setRelayState',
    'setSignResponse',
    'setSignatureAlgorithm',
    'setSigningCert',
    'setTypedAttributes',
  ],
  session: [
    'deleteMetadata',
    'evictMetadata',
    'revoke',
    'setCookieMode',
    'setExpiresAt',
    'setIdleExpiresAt',
    'setMetadata',
  ],
  transaction: ['setMetadata'],
  user: ['setAppMetadata', 'setUserMetadata'],
  validation: ['error'],
});
const OBJECTS = Object.keys(METHODS);

// The protocols without a user in front of a browser.
const WITHOUT_BROWSER = [
  'oauth2-access-token',
  'oauth2-refresh-token',
  'oauth2-resource-owner',
  'oauth2-resource-owner-jwt-bearer',
  'oauth2-token-exchange',
];

/**
 * What a method does and returns, by its name; all others return `api`.
 * @type {(api: object, event: any, cache: Cache) => Record<string, (...given: any[]) => unknown>}
 */
function answersFor(api, event, cache) {
  /** @type {(value: object) => Promise<object>} */
  const later = (value) => apply(resolve, Promise, [value]);
  /** @type {any} */
  const answers = {
    __proto__: null,
    'cache.delete': (/** @type {any} */ key) => cache.delete(key),
    'cache.get': (/** @type {any} */ key) => cache.get(key),
    'cache.set': (/** @type {any[]} */ ...given) => cache.set(given[0], given[1], given[2]),
    'groups.getUserGroups': () => later({ groups: [] }),
    'groups.hasGroupMembership': () => later({ isMember: false, groups: [] }),
    'redirect.canRedirect': () => canRedirect(event),
    'redirect.encodeToken': (/** @type {any} */ options) => encodeToken(options, event),
    'redirect.validateToken': (/** @type {any} */ options) => decodeToken(options, event),
    'roles.getUserEffectiveRoles': () => later({ roles: [] }),
    'roles.getUserEffectiveRolesByIds': () => later({ roles: [] }),
    'roles.getUserEffectiveRolesByNames': () => later({ roles: [] }),
    'rules.wasExecuted': () => false,
    'transaction.setMetadata': (/** @type {any} */ key, /** @type {unknown} */ value) => {
      setMetadata(event.transaction, key, value);
      return api;
    },
  };
  return answers;
}

/**
 * The event has it immediately, unlike other metadata.
 * @type {(transaction: any, key: PropertyKey, value: unknown) => void}
 */
function setMetadata(transaction, key, value) {
  if (transaction === null || typeof transaction !== 'object') return;
  if (read(transaction, 'metadata') === undefined) set(transaction, 'metadata', {});
  const metadata = read(transaction, 'metadata');
  if (metadata === null || typeof metadata !== 'object') return;
  if (value === null) deleteProperty(metadata, key);
  else set(metadata, key, value);
}

/** @type {(event: any) => boolean} */
function canRedirect(event) {
  const transaction = event.transaction;
  const asked = transaction?.prompt;
  const isSilent = (isArray(asked) && includes(asked, 'none')) || read(event.request?.query ?? {}, 'prompt') === 'none';
  return !isSilent && !includes(WITHOUT_BROWSER, transaction?.protocol);
}

/**
 * The `api` of one run.
 * @type {(run: { called(path: string, given: unknown[]): void }, event: any, cache: Cache) => object}
 */
function makeApi(run, event, cache) {
  // An assignment would call the setters of whatever an object inherits.
  /** @type {Record<string, any>} */
  const api = dictionary();
  const answers = answersFor(api, event, cache);
  for (let index = 0; index < OBJECTS.length; index += 1) {
    const object = OBJECTS[index];
    const methods = METHODS[object];
    /** @type {Record<string, any>} */
    const made = dictionary();
    for (let place = 0; place < methods.length; place += 1) {
      const method = methods[place];
      const path = `${object}.${method}`;
      const answer = answers[path];
      made[method] = (/** @type {unknown[]} */ ...given) => {
        run.called(path, given);
        return answer === undefined ? api : apply(answer, undefined, given);
      };
    }
    setPrototypeOf(made, ObjectPrototype);
    api[object] = made;
  }
  setPrototypeOf(api, ObjectPrototype);
  return api;
}

module.exports = { makeApi };
