/** Makes a picture of the edge lane by the host's resizer, from the cached edge master. */
import { EDGE_MASTER, resizeOf } from "./edge_lane.js";
import * as policy from "./policy.generated.js";
import { SAFE } from "./present.js";
import { askUpstream, proofOf, store } from "./upstream.js";

/** @import { Asked } from "./asking.js" */
/** @import { Stored } from "./collapse.js" */
/** @import { Way } from "./upstream.js" */

const GENERATION = "edgeproof-generation";
const MEDIA_TYPES = /** @type {Record<string, string>} */ ({
  avif: "image/avif",
  webp: "image/webp",
  jpg: "image/jpeg",
  png: "image/png",
});

/**
 * Return the picture, which says who made it; null when it is the origin's, or anything failed.
 * @param {Asked} wanted
 * @param {Way} way
 * @returns {Promise<Stored | null>}
 */
export async function makeHere(wanted, way) {
  const { edge, platform } = way;
  if (!edge.isTransforming || wanted.lane !== "edge" || !platform.fetchResized) return null;
  try {
    return await make(wanted, way);
  } catch (error) {
    platform.log({ event: "edge_lane_failed", path: wanted.canonicalPath, cause: String(error) });
    return null;
  }
}

/**
 * @param {Asked} wanted
 * @param {Way} way
 * @returns {Promise<Stored | null>}
 */
async function make({ canonicalPath, transform }, way) {
  const { base, edge, platform } = way;
  const folder = canonicalPath.slice(0, canonicalPath.lastIndexOf("/") + 1);
  const infoPath = folder + policy.INFO;
  const info = await edge.collapser.share(infoPath, () => askUpstream(infoPath, way), platform.waitUntil);
  if (info.status !== 200 || transform === null) return null;
  const resize = resizeOf(transform, JSON.parse(new TextDecoder().decode(info.body)));
  if (resize === null) return null;
  const path = folder + EDGE_MASTER;
  const response = await platform.fetchResized?.(base + path, await proofOf(path, way), resize);
  const mediaType = MEDIA_TYPES[transform.ext];
  if (response?.status !== 200 || response.headers.get("content-type") !== mediaType) {
    platform.log({ event: "edge_lane_failed", path: canonicalPath, cause: `status ${response?.status}` });
    return null;
  }
  const { body, headers } = await store(response, "");
  const generation = headers.get(GENERATION) ?? info.headers.get(GENERATION);
  const digest = await sha256(body);
  return {
    status: 200,
    headers: new Map([
      ["content-type", mediaType],
      ["accept-ranges", "bytes"],
      ["etag", `"${digest}"`],
      ["repr-digest", `sha-256=:${digest}:`],
      ["edgeproof-lane", "edge"],
      ...(generation === undefined ? [] : [/** @type {[string, string]} */ ([GENERATION, generation])]),
      ...Object.entries(SAFE),
    ]),
    body,
    cacheStatus: platform.cacheStatus(response),
  };
}

/**
 * Return the SHA-256 of bytes in base64: a resizer's bytes are known only once they are there.
 * @param {Uint8Array} bytes
 */
async function sha256(bytes) {
  const digest = await crypto.subtle.digest("SHA-256", /** @type {BufferSource} */ (bytes));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
