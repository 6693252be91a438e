/** Asks the origin, or the cache before it, for a canonical path with the edge's proof. */
import * as policy from "./policy.generated.js";
import { makeProof } from "./proof.js";
import { Refusal } from "./refusal.js";

/** @import { Stored } from "./collapse.js" */
/** @import { Platform } from "./handle.js" */
/** @import { Edge } from "./settings.js" */
/**
 * How to ask. base: the URL before the path.
 * @typedef {{base: string, edge: Edge, platform: Platform}} Way
 */

const BODY_BYTES_MAX = 32 << 20; // a preview of 2560 px is far below; an isolate has 128 MiB
/** The fields that pass from the origin. All others (tags, targeted fields, times) stay inside. */
const PASSED = [
  "accept-ranges",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "cache-status",
  "content-security-policy",
  "content-type",
  "cross-origin-resource-policy",
  "edgeproof-generation",
  "edgeproof-lane",
  "etag",
  "repr-digest",
  "retry-after",
  "timing-allow-origin",
  "x-content-type-options",
];
/** What only a wrong edge can make the origin say: a proof, a path, a host or a method of ours. */
const OUR_FAULT = [400, 403, 405, 421];
/** A picture, or info.json: no page of a host's between us and the origin. */
const OUR_TYPES = /^(?:image\/|application\/json)/i;
const PROBLEM = "application/problem+json";

/**
 * Ask for a path with nothing of the client's. Throws a Refusal 503 `edge.unavailable`.
 * @param {string} path
 * @param {Way} way
 * @returns {Promise<Stored>}
 */
export async function askUpstream(path, way) {
  const headers = await proofOf(path, way);
  try {
    const response = await way.platform.fetchUpstream(way.base + path, headers);
    return await store(response, way.platform.cacheStatus(response));
  } catch (error) {
    throw error instanceof Refusal ? error : unavailable(error);
  }
}

/**
 * Return the proof for a path. Always of a GET: caches turn a HEAD into a GET, and the proof is
 * over the method.
 * @param {string} path
 * @param {Way} way
 */
export async function proofOf(path, { base, edge, platform }) {
  const asked = { method: "GET", host: new URL(base).host, path };
  return { [policy.PROOF_HEADER]: await makeProof(edge.proofSecret, asked, platform.now()) };
}

/**
 * Read an answer whole, or say that the origin is down: what is no answer of ours never passes.
 * @param {Response} response
 * @param {string} cacheStatus
 * @returns {Promise<Stored>}
 */
export async function store(response, cacheStatus) {
  const { status, headers } = response;
  const type = headers.get("content-type") ?? "";
  const isRefusal = status >= 400 && type === PROBLEM && !OUR_FAULT.includes(status);
  if (!isRefusal && (status !== 200 || !OUR_TYPES.test(type))) {
    throw unavailable(`the origin answered ${status} ${type}`);
  }
  if (Number(headers.get("content-length")) > BODY_BYTES_MAX) throw unavailable("too large");
  const body = new Uint8Array(await response.arrayBuffer());
  return { status, headers: passed(headers), body, cacheStatus };
}

/** @param {Headers} headers */
function passed(headers) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const name of PASSED) {
    const value = headers.get(name);
    if (value !== null) found.set(name, value);
  }
  return found;
}

/** @param {unknown} cause */
function unavailable(cause) {
  const refused = new Refusal("edge.unavailable");
  refused.cause = cause;
  return refused;
}
