/** What leaves an edge: the origin's answer, or a refusal, dressed for browsers. */
import { conditional } from "./conditional.js";

/** @import { Stored } from "./collapse.js" */
/** @import { Refusal } from "./refusal.js" */

/**
 * Fields by their names in lower case; a host's own Headers is made once, at the end.
 * @typedef {{status: number, headers: Map<string, string>, body: Uint8Array | null}} Answer
 */
/**
 * What decides the dress: exp of a signed request (Unix seconds) or null, how long a browser may
 * keep what its public tenant gives (s), and whether the URL said auto.
 * @typedef {{exp: number | null, publicMaxAgeS: number, negotiated: boolean}} Asker
 */

/** On every answer, as origin/headers.py has them. */
export const SAFE = {
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "cross-origin",
  "access-control-allow-origin": "*",
  "timing-allow-origin": "*",
  "content-security-policy": "default-src 'none'; sandbox",
};
const SIGNED_MAX_AGE_S = 86_400; // the longest that a browser keeps what a signed URL gave it
const encoder = new TextEncoder();

/**
 * Dress what the origin, or the cache before it, answered.
 * @param {Stored} stored
 * @param {{method: string, fields: Headers}} request
 * @param {Asker} asker
 * @param {number} now Unix seconds
 * @returns {Answer}
 */
export function present(stored, { method, fields }, asker, now) {
  const headers = new Map(stored.headers);
  const before = headers.get("cache-status");
  headers.set("cache-status", before ? `${before}, ${stored.cacheStatus}` : stored.cacheStatus);
  headers.set("content-length", String(stored.body.byteLength));
  if (stored.status !== 200) {
    headers.set("cache-control", "no-store");
    return { status: stored.status, headers, body: stored.body };
  }
  headers.set("cache-control", cacheControl(asker, now));
  if (asker.negotiated) headers.set("vary", "Accept");
  return conditional({ status: 200, headers, body: stored.body }, method, fields);
}

/**
 * @param {Asker} asker
 * @param {number} now
 */
function cacheControl({ exp, publicMaxAgeS }, now) {
  if (exp === null) return `public, max-age=${publicMaxAgeS}, immutable`;
  return `private, max-age=${Math.max(0, Math.min(SIGNED_MAX_AGE_S, exp - now))}, immutable`;
}

/**
 * Dress a refusal: a problem document that nobody keeps.
 * @param {Refusal} refused
 * @returns {Answer}
 */
export function presentRefusal(refused) {
  const body = encoder.encode(refused.body);
  const fields = {
    "content-type": "application/problem+json",
    "content-length": String(body.byteLength),
    "cache-control": "no-store",
    ...SAFE,
  };
  const headers = new Map(Object.entries(fields));
  if (refused.status === 405) headers.set("allow", "GET, HEAD");
  if (refused.retryAfterS !== undefined) headers.set("retry-after", String(refused.retryAfterS));
  return { status: refused.status, headers, body };
}

/**
 * Return an answer as the platform's Response; HEAD keeps the fields and drops the body.
 * @param {Answer} answer
 * @param {string} method
 */
export function toResponse({ status, headers, body }, method) {
  const shown = method === "HEAD" ? null : /** @type {BodyInit | null} */ (body);
  return new Response(shown, { status, headers: [...headers] });
}
