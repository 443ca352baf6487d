/**
 * Restores metadata lost in a migration from the legacy system, once for each user.
 *
 * Auth0 reads a user's metadata from the custom database only at the first log-in. If that is interrupted, they are
 * permanently lost. This Action detects such users when they log in, and fetches what is missing from the legacy system.
 *
 * Secrets:
 *   LEGACY_CONNECTION         name of the connection with the legacy users
 *   LEGACY_API_URL            for the request GET {LEGACY_API_URL}/{user_id}; must start with https://
 *   LEGACY_API_SECRET         sent as the bearer token
 *   LEGACY_METADATA           what to restore, with JSON types: {"app_metadata.plan": "string"}; nothing else is stored
 *   LEGACY_METADATA_REQUIRED  optional, paths that a user needs to log in: ["app_metadata.plan"]
 *
 * The legacy system responds with {"user_id": …, "app_metadata": {…}, "user_metadata": {…}}, or with status 404.
 */

const MARKER = 'legacy_metadata_verified';
const TIMEOUT_MS = 3000;
const MOST_BYTES = 32 * 1024; // Auth0's limit for one kind of metadata in one log-in
const MOST_CHARACTERS = 256 * 1024; // of a response
const REFUSAL = 'Your account could not be loaded. Please try again later.';
const TYPES = ['string', 'number', 'boolean', 'object', 'array'];
const RESERVED = [
  '__tenant',
  '_id',
  'blocked',
  'clientID',
  'created_at',
  'email',
  'email_verified',
  'globalClientID',
  'global_client_id',
  'identities',
  'lastIP',
  'lastLogin',
  'loginsCount',
  'metadata',
  'multifactor',
  'multifactor_last_modified',
  'updated_at',
  'user_id',
];

/** The response can't be used. The message goes to the log, so it contains nothing about the user. */
class UnusableAnswerError extends Error {}

exports.onExecutePostLogin = async (event, api) => {
  const { connection, secrets, user } = event;
  if (connection.name !== secrets.LEGACY_CONNECTION || connection.strategy !== 'auth0') return;
  // Only presence counts: false, 0 and empty values are metadata, too.
  if (has(user.app_metadata, MARKER)) return;

  let missing = [];
  let restored = null;
  try {
    missing = restoredKeys(secrets).filter(({ kind, name }) => !has(user[kind], name));
    const profile = missing.length > 0 ? await lookUp(legacyId(event), secrets) : {};
    restored = payloadFrom(profile, missing);
  } catch (error) {
    // Other messages could contain data about the user.
    const reason = error instanceof UnusableAnswerError ? error.message : (error?.cause?.code ?? error?.name);
    console.log(`legacy metadata not restored: ${reason}`);
  }

  const found = new Set(restored?.map(({ key }) => key));
  if (missing.some((key) => key.isRequired && !found.has(key))) {
    api.access.deny(REFUSAL);
    return;
  }
  // Without a response, the marker isn't set, so the next log-in tries again.
  if (restored === null) return;
  for (const { key, value } of restored) {
    if (key.kind === 'app_metadata') api.user.setAppMetadata(key.name, value);
    else api.user.setUserMetadata(key.name, value);
  }
  api.user.setAppMetadata(MARKER, true);
};

function has(object, name) {
  return Object.hasOwn(object ?? {}, name);
}

/** Returns the keys to restore, as the secrets define them. */
function restoredKeys(secrets) {
  const types = parsed(secrets.LEGACY_METADATA, 'the secret LEGACY_METADATA');
  const required = parsed(secrets.LEGACY_METADATA_REQUIRED || '[]', 'the secret LEGACY_METADATA_REQUIRED');
  if (!required.every((path) => has(types, path))) {
    throw new UnusableAnswerError('LEGACY_METADATA_REQUIRED names a path that LEGACY_METADATA does not have');
  }
  return Object.entries(types).map(([path, type]) => {
    const [, kind, name] = /^(app_metadata|user_metadata)\.([^.$]+)$/.exec(path) ?? [];
    const isReserved = kind === 'app_metadata' && [MARKER, ...RESERVED].includes(name);
    if (!name || isReserved || !TYPES.includes(type)) {
      throw new UnusableAnswerError(`the secret LEGACY_METADATA cannot have ${path}: ${type}`);
    }
    return { kind, name, path, type, isRequired: required.includes(path) };
  });
}

/** Returns the id of the identity on this connection, because a linked account has another user_id. */
function legacyId({ connection, user }) {
  const identity = user.identities?.find((each) => each.connection === connection.name && each.user_id);
  if (!identity) throw new UnusableAnswerError('the user has no identity on this connection');
  return identity.user_id;
}

/** Returns the user's profile in the legacy system, empty for an unknown user. */
async function lookUp(userId, { LEGACY_API_URL: base, LEGACY_API_SECRET: secret }) {
  if (!secret) throw new UnusableAnswerError('the secret LEGACY_API_SECRET is not set');
  if (!/^https:\/\/[^?#]+$/.test(base)) {
    throw new UnusableAnswerError('the secret LEGACY_API_URL must start with https:// and must not have a query');
  }
  const response = await fetch(`${base.replace(/\/+$/, '')}/${encodeURIComponent(userId)}`, {
    headers: { Authorization: `Bearer ${secret}`, Accept: 'application/json' },
    redirect: 'error', // keeps the secret from reaching another host
    signal: AbortSignal.timeout(TIMEOUT_MS), // includes the body
  });
  const body = await response.text();
  if (response.status !== 200 && response.status !== 404) {
    throw new UnusableAnswerError(`status ${response.status}`);
  }
  if (body.length > MOST_CHARACTERS) throw new UnusableAnswerError(`more than ${MOST_CHARACTERS} characters`);
  if (response.status === 404 && body === '') return {};
  // A "not found" page comes from something in front of the legacy system.
  const answer = parsed(body, `the response with status ${response.status}`);
  if (typeOf(answer) !== 'object') throw new UnusableAnswerError('the response is not a JSON object');
  if (response.status === 404) return {};
  if (answer.user_id !== userId) throw new UnusableAnswerError('the response is about another user');
  return answer;
}

/** Returns the values to set, each with its key. If one of them must not be set, throws an error instead. */
function payloadFrom(profile, keys) {
  const payload = [];
  for (const key of keys) {
    const metadata = profile[key.kind] ?? {};
    if (typeOf(metadata) !== 'object') throw new UnusableAnswerError(`${key.kind} is not an object`);
    const value = has(metadata, key.name) ? metadata[key.name] : null;
    if (value === null) continue;
    if (typeOf(value) !== key.type) throw new UnusableAnswerError(`${key.path} is not of the type ${key.type}`);
    if (hasRefusedName(value)) throw new UnusableAnswerError(`${key.path} cannot be stored by Auth0`);
    payload.push({ key, value });
  }
  for (const kind of ['app_metadata', 'user_metadata']) {
    const written = payload.filter(({ key }) => key.kind === kind).map(({ key, value }) => [key.name, value]);
    const size = Buffer.byteLength(JSON.stringify({ [MARKER]: true, ...Object.fromEntries(written) }));
    if (size > MOST_BYTES) throw new UnusableAnswerError(`${kind} is larger than Auth0 stores`);
  }
  return payload;
}

function parsed(text, what) {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnusableAnswerError(`${what} is not JSON`);
  }
}

function typeOf(value) {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Returns whether a key contains a dot or a dollar sign, at any depth. */
function hasRefusedName(value) {
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(value).some(([name, member]) => /[.$]/.test(name) || hasRefusedName(member));
}
