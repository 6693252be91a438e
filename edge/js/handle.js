/** Answer one request: refuse early, verify, strip, canonical path and format, ask once, dress. */
import { admit, ask } from "./asking.js";
import { makeHere } from "./make_here.js";
import { present, presentRefusal, toResponse } from "./present.js";
import { Refusal } from "./refusal.js";
import { askUpstream } from "./upstream.js";

/** @import { Asked, Wire } from "./asking.js" */
/** @import { Resize } from "./edge_lane.js" */
/** @import { Edge } from "./settings.js" */
/** @import { Way } from "./upstream.js" */
/**
 * What a host lends. upstream: the URL before the path that canonical paths are asked at.
 * fetchUpstream: asks it, through the host's cache. fetchResized: the same through the host's
 * resizer, where it has one; null when that failed. now: Unix seconds. log: one record a line.
 * @typedef {{
 *   upstream: (request: Request) => string,
 *   fetchUpstream: (url: string, headers: Record<string, string>) => Promise<Response>,
 *   fetchResized?: (url: string, headers: Record<string, string>, resize: Resize) =>
 *     Promise<Response | null>,
 *   cacheStatus: (response: Response) => string,
 *   waitUntil: (promise: Promise<unknown>) => void,
 *   now: () => number,
 *   log: (record: Record<string, unknown>) => void,
 * }} Platform
 */

/**
 * @param {Request} request
 * @param {() => Promise<Edge>} settings
 * @param {Platform} platform
 * @returns {Promise<Response>}
 */
export async function handle(request, settings, platform) {
  try {
    return await answer(request, await settings(), platform);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, status, field } = error;
    platform.log({ event: "preview_refused", code, status, field, cause: reason(error.cause) });
    return toResponse(presentRefusal(error), request.method);
  }
}

/**
 * @param {Request} request
 * @param {Edge} edge
 * @param {Platform} platform
 */
async function answer(request, edge, platform) {
  const now = platform.now();
  const { target, exp } = await admit(readWire(request), edge.gate, now);
  const wanted = ask(target, readAccept(request));
  const way = { base: platform.upstream(request), edge, platform };
  const fetchOnce = () => fetchPicture(wanted, way);
  const stored = await edge.collapser.share(wanted.canonicalPath, fetchOnce, platform.waitUntil);
  const { negotiated } = wanted;
  const publicMaxAgeS = edge.gate.publicTenants.get(target.tenant) ?? 0;
  const asked = { method: request.method, fields: request.headers };
  return toResponse(present(stored, asked, { exp, publicMaxAgeS, negotiated }, now), request.method);
}

/**
 * The origin makes every picture; one of the edge lane may be made here, and whatever goes wrong
 * there is made by the origin after all.
 * @param {Asked} wanted
 * @param {Way} way
 */
async function fetchPicture(wanted, way) {
  const made = await makeHere(wanted, way);
  return made ?? askUpstream(wanted.canonicalPath, way);
}

/**
 * Read what may change an answer; everything else that a client sends is never looked at. The host
 * is the URL's: that is what would be asked, and it wins over the field (RFC 9112, 3.2.2).
 * @param {Request} request
 * @returns {Wire}
 */
function readWire({ method, url, headers, body }) {
  const host = url.indexOf("//") + 2;
  const path = url.indexOf("/", host);
  const length = headers.get("content-length");
  // Without any field HTTP/2 may have a body; with a length of 0 some hosts have an empty stream.
  const isLong = length === null ? body !== null : /[^0 \t,]/.test(length);
  return {
    method,
    host: url.slice(host, path),
    target: url.slice(path),
    hasBody: isLong || headers.has("transfer-encoding"),
    // A client's own Edgeproof-Edge is deleted: never judged, never sent on.
    proof: null,
  };
}

/** @param {Request} request */
function readAccept({ headers }) {
  const accept = headers.get("accept");
  return accept === null ? [] : [accept];
}

/** @param {unknown} cause */
function reason(cause) {
  return cause === undefined ? undefined : String(cause);
}
