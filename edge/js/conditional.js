/** Conditional requests and single ranges over bytes in memory (RFC 9110, 13 and 14). */

/** @import { Answer } from "./present.js" */

const SINGLE_RANGE = /^bytes=(\d{0,18})-(\d{0,18})$/i;
const NOT_IN_304 = ["content-length", "content-type", "repr-digest"];
const NOT_WITHOUT_BODY = ["content-length", "content-type", "cache-control"];

/**
 * Return 304, 412, 206, 416 or the full answer, as the request's fields ask, in the order of
 * RFC 9110 section 13.2.2. There is no Last-Modified, so dates are ignored.
 * @param {Answer} full a 200
 * @param {string} method
 * @param {Headers} asked
 * @returns {Answer}
 */
export function conditional(full, method, asked) {
  const tag = full.headers.get("etag");
  if (tag === undefined) return full;
  const ifMatch = asked.get("if-match");
  if (ifMatch !== null && !matches(ifMatch, tag, false)) return withoutBody(full, 412);
  const ifNoneMatch = asked.get("if-none-match");
  if (ifNoneMatch !== null) {
    if (!matches(ifNoneMatch, tag, true)) return full;
    return { status: 304, headers: without(full, NOT_IN_304), body: null };
  }
  const range = asked.get("range");
  const ifRange = asked.get("if-range");
  if (range === null || method !== "GET" || (ifRange !== null && ifRange.trim() !== tag)) return full;
  return ranged(full, range);
}

/**
 * @param {string} field
 * @param {string} tag
 * @param {boolean} isWeak
 */
function matches(field, tag, isWeak) {
  if (field.trim() === "*") return true;
  return field.split(",").some((one) => {
    const value = one.trim();
    return value === tag || (isWeak && value === `W/${tag}`);
  });
}

/**
 * @param {Answer} full
 * @param {string} wanted
 * @returns {Answer}
 */
function ranged(full, wanted) {
  const match = SINGLE_RANGE.exec(wanted.trim());
  // Several ranges, another unit or nonsense: the whole.
  if (match === null || full.body === null) return full;
  const [first, last] = [match[1], match[2]].map((text) => (text === "" ? null : Number(text)));
  if (first === null && last === null) return full;
  const length = full.body.byteLength;
  const start = first ?? Math.max(0, length - (last ?? 0));
  const stop = first === null || last === null ? length : Math.min(last + 1, length);
  if (first !== null && last !== null && last < first) return full;
  if (start >= length || start >= stop) {
    const answer = withoutBody(full, 416);
    answer.headers.set("content-range", `bytes */${length}`);
    return answer;
  }
  const headers = without(full, ["content-length"]);
  headers.set("content-length", String(stop - start));
  headers.set("content-range", `bytes ${start}-${stop - 1}/${length}`);
  return { status: 206, headers, body: full.body.subarray(start, stop) };
}

/**
 * @param {Answer} full
 * @param {number} status
 * @returns {Answer}
 */
function withoutBody(full, status) {
  const headers = without(full, NOT_WITHOUT_BODY);
  headers.set("cache-control", "no-store");
  headers.set("content-length", "0");
  return { status, headers, body: null };
}

/**
 * @param {Answer} full
 * @param {string[]} names
 */
function without(full, names) {
  const headers = new Map(full.headers);
  for (const name of names) headers.delete(name);
  return headers;
}
