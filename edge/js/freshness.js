/** How long a cache may still give what it keeps: the ttl of Cache-Status (RFC 9211, 2.5). */

const MAX_AGE = /(?:^|[\s,])max-age=(\d{1,10})(?=$|[\s,])/;
const AGE = /^\d{1,10}$/;

/**
 * Return the seconds of freshness that are left of an answer from a cache that obeys
 * CDN-Cache-Control, as RFC 9111 (4.2) counts them; null where the fields do not say.
 * @param {Headers} headers
 * @returns {number | null}
 */
export function ttlOf(headers) {
  const lifetime = MAX_AGE.exec(headers.get("cdn-cache-control") ?? "");
  const age = headers.get("age") ?? "";
  return lifetime === null || !AGE.test(age) ? null : Number(lifetime[1]) - Number(age);
}

/**
 * Spell a hit of ours; ttl: seconds, or null when that is not known.
 * @param {number | null} ttl
 */
export function hit(ttl) {
  return ttl === null ? "edgeproof; hit" : `edgeproof; hit; ttl=${ttl}`;
}
