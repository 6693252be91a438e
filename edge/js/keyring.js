/** The key ring: which kid opens which tenants until when, read from JSON in exactly one form. */
import * as policy from "./policy.generated.js";
import { whole } from "./request.js";

/**
 * One entry. tenants: null is all. retiredAtS: Unix time from which it opens nothing.
 * @typedef {{master: string, tenants: ReadonlySet<string> | null, retiredAtS: number | null}} RingKey
 */
/** @typedef {ReadonlyMap<string, RingKey>} Ring */

const KID = whole(policy.KID);
const SECRET = whole(policy.SECRET);
const TENANT = whole(policy.TENANT);
const TIME = /^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;
const RING_CHARACTERS_MAX = 1 << 20; // a ring has some keys, not thousands

/** The ring, or the list of edge secrets, is not of the one form that loads. */
export class RingError extends Error {}

/**
 * Say whether a key signs and opens for a tenant at a Unix time.
 * @param {RingKey} key
 * @param {string} tenant
 * @param {number} now
 */
export function isActive(key, tenant, now) {
  return (
    (key.tenants === null || key.tenants.has(tenant)) &&
    (key.retiredAtS === null || now < key.retiredAtS)
  );
}

/**
 * Read the ring; its order is kept. A sentence of RingError never shows a master.
 * @param {string} text
 * @returns {Ring}
 */
export function parseRing(text) {
  return new Map(entriesOf(text).map(([kid, entry]) => [kid, ringKey(kid, entry)]));
}

/**
 * Read the secrets that edges prove themselves with: kid to 64 hex, at most two live.
 * @param {string} text
 * @returns {ReadonlyMap<string, string>}
 */
export function parseEdgeSecrets(text) {
  const entries = entriesOf(text);
  if (entries.length > policy.EDGE_KIDS_MAX) throw new RingError("Too many edge secrets are live.");
  return new Map(entries.map(([kid, secret]) => [kid, readSecret(kid, secret)]));
}

/**
 * Return the pairs of a JSON object in the order of the text.
 * @param {string} text
 * @returns {[string, unknown][]}
 */
function entriesOf(text) {
  if (text.length > RING_CHARACTERS_MAX) throw new RingError("The ring is too large.");
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    // No cause: its text could quote a secret.
    throw new RingError("The ring is not JSON.");
  }
  if (document === null || typeof document !== "object" || Array.isArray(document)) {
    throw new RingError("The ring is not a JSON object of kids.");
  }
  return namesInOrder(text).map((kid) => {
    if (!KID.test(kid)) throw new RingError(`The kid ${kid} is not 1 to 16 of a-z and 0-9.`);
    return [kid, document[kid]];
  });
}

/**
 * Return the names of the outermost object: JSON.parse forgets repeated names, and the order of
 * those that look like numbers. The text is JSON already.
 * @param {string} text
 */
function namesInOrder(text) {
  /** @type {Set<string>[]} */
  const open = [];
  /** @type {Set<string>} */
  let outermost = new Set();
  for (const [token, mark] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") outermost = open.pop() ?? outermost;
    else if (mark !== undefined) {
      const name = JSON.parse(token.slice(0, -mark.length));
      const names = open[open.length - 1];
      if (names.has(name)) throw new RingError("A name stands twice.");
      names.add(name);
    }
  }
  return [...outermost];
}

/**
 * @param {string} kid
 * @param {unknown} secret
 */
function readSecret(kid, secret) {
  if (typeof secret === "string" && SECRET.test(secret)) return secret;
  throw new RingError(`The secret of ${kid} is not 64 lower-case hex characters.`);
}

/**
 * @param {string} kid
 * @param {unknown} entry
 * @returns {RingKey}
 */
function ringKey(kid, entry) {
  if (entry === null || typeof entry !== "object" || Array.isArray(entry)) {
    throw new RingError(`The entry ${kid} is no object.`);
  }
  const { master, tenants, retired, ...others } = /** @type {Record<string, unknown>} */ (entry);
  if (tenants === undefined || retired === undefined || Object.keys(others).length > 0) {
    throw new RingError(`The entry ${kid} has not exactly master, tenants and retired.`);
  }
  return {
    master: readSecret(kid, master),
    tenants: readTenants(kid, tenants),
    retiredAtS: readTime(kid, retired),
  };
}

/**
 * @param {string} kid
 * @param {unknown} tenants
 */
function readTenants(kid, tenants) {
  if (tenants === "all") return null;
  if (Array.isArray(tenants)) {
    const names = tenants.filter((name) => typeof name === "string" && TENANT.test(name));
    if (names.length === tenants.length) return new Set(names);
  }
  throw new RingError(`The tenants of ${kid} are neither "all" nor a list of names.`);
}

/**
 * @param {string} kid
 * @param {unknown} retired
 */
function readTime(kid, retired) {
  if (retired === null) return null;
  if (typeof retired === "string" && TIME.test(retired)) {
    const ms = Date.parse(retired);
    // A 30th of February is read as a day in March: what is written back tells.
    if (!Number.isNaN(ms) && new Date(ms).toISOString() === retired.replace("Z", ".000Z")) {
      return ms / 1000;
    }
  }
  throw new RingError(`${kid} is retired neither null nor at a time like 2026-11-01T00:00:00Z.`);
}
