'use strict';

// The tokens of `api.redirect`: JSON Web Tokens signed with HS256, as Auth0 creates them.

const crypto = require('node:crypto');
const { Error, TypeError, indexOf, parse, slice, stringify, uncurry } = require('./primordials.cjs');
const { read } = require('./attributes.cjs');

const { createHmac } = crypto;
const { from } = Buffer;
const { now } = Date;
const { floor } = Math;
/** @type {(hmac: import('node:crypto').Hmac, text: string) => unknown} */
const update = uncurry(/** @type {any} */ (crypto.Hmac.prototype.update));
const digest = uncurry(crypto.Hmac.prototype.digest);
const base64url = uncurry(Buffer.prototype.base64urlSlice);
const utf8 = uncurry(Buffer.prototype.utf8Slice);

const HEADER = '{"alg":"HS256","typ":"JWT"}';
const USUAL_SECONDS = 900;
const USUAL_PARAMETER = 'session_token';

/** @type {(options: any, event: any) => string} */
function encodeToken(options, event) {
  const secret = secretOf(options);
  const seconds = floor(now() / 1000);
  const lifetime = read(options, 'expiresInSeconds');
  const claims = {
    iss: event.request?.hostname,
    sub: event.user?.user_id,
    ip: event.request?.ip,
    ...read(options, 'payload'),
    iat: seconds,
    exp: seconds + (typeof lifetime === 'number' ? lifetime : USUAL_SECONDS),
  };
  const signed = `${encoded(HEADER)}.${encoded(stringify(claims))}`;
  return `${signed}.${signatureOf(signed, secret)}`;
}

/** @type {(options: any, event: any) => unknown} */
function decodeToken(options, event) {
  const secret = secretOf(options);
  const name = read(options, 'tokenParameterName') ?? USUAL_PARAMETER;
  const token = read(event.request?.query ?? {}, name) ?? read(event.request?.body ?? {}, name);
  if (typeof token !== 'string') throw new Error(`the request has no parameter ${name} with a token`);
  const first = indexOf(token, '.');
  const second = indexOf(token, '.', first + 1);
  if (first < 0 || second < 0) throw new Error(`the parameter ${name} is not a token`);
  const signed = slice(token, 0, second);
  if (slice(token, second + 1) !== signatureOf(signed, secret)) throw new Error('the signature of the token is wrong');
  const claims = parse(decoded(slice(token, first + 1, second)));
  const expiry = read(claims, 'exp');
  if (typeof expiry === 'number' && expiry * 1000 <= now()) throw new Error('the token has expired');
  return claims;
}

/** @type {(options: any) => string} */
function secretOf(options) {
  const secret = options === null || typeof options !== 'object' ? undefined : read(options, 'secret');
  if (typeof secret !== 'string' || secret === '') throw new TypeError('the secret of a token must be a string');
  return secret;
}

/** @type {(text: string, secret: string) => string} */
function signatureOf(text, secret) {
  const hmac = createHmac('sha256', secret);
  update(hmac, text);
  return digest(hmac, 'base64url');
}

/** @type {(text: string) => string} */
function encoded(text) {
  const bytes = from(text);
  return base64url(bytes, 0, bytes.length);
}

/** @type {(text: string) => string} */
function decoded(text) {
  const bytes = from(text, 'base64url');
  return utf8(bytes, 0, bytes.length);
}

module.exports = { decodeToken, encodeToken };
