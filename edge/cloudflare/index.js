/** The Cloudflare host: bindings in, the zone's cache through fetch() of the canonical URL. */
import { hit, ttlOf } from "../js/freshness.js";
import { handle } from "../js/handle.js";
import { readSettings } from "../js/settings.js";
import { imageOf } from "./image.js";

/** @import { Edge } from "../js/settings.js" */

const UPSTREAM_DEADLINE_MS = 20_000; // the origin gives up at 15 s
/** CF-Cache-Status, other than a fresh HIT, to the words of RFC 9211. */
const CACHE_STATUS = /** @type {Record<string, string>} */ ({
  STALE: "hit; detail=stale",
  UPDATING: "hit; detail=updating",
  MISS: "fwd=uri-miss",
  EXPIRED: "fwd=stale",
  REVALIDATED: "fwd=stale; fwd-status=304",
  BYPASS: "fwd=bypass",
  DYNAMIC: "fwd=bypass",
});

/** @type {Promise<Edge> | undefined} */
let settings;

/** @typedef {Record<string, string | undefined>} Bindings */

export default {
  /**
   * @param {Request} request
   * @param {Bindings} env
   * @param {ExecutionContext} context
   */
  fetch(request, env, context) {
    return handle(request, () => (settings ??= readSettings((name) => env[name])), {
      // In production the same host: a Worker's own fetch() goes to the zone's cache, not to the
      // Worker. On a developer's machine there is no zone, so EDGEPROOF_UPSTREAM names the next hop.
      upstream: ({ url }) => env.EDGEPROOF_UPSTREAM || url.slice(0, url.indexOf("/", url.indexOf("//") + 2)),
      fetchUpstream: (url, headers) =>
        fetch(url, {
          headers,
          redirect: "manual",
          signal: AbortSignal.timeout(UPSTREAM_DEADLINE_MS),
          // info.json has no extension that is cached by itself; how long is the origin's to say.
          cf: { cacheEverything: true },
        }),
      fetchResized: async (url, headers, resize) => {
        const signal = AbortSignal.timeout(UPSTREAM_DEADLINE_MS);
        const cf = { cacheEverything: true, image: imageOf(resize) };
        const response = await fetch(url, { headers, redirect: "manual", signal, cf });
        // Without this field nothing was resized: the answer would be the edge master itself.
        return /ok/.test(response.headers.get("cf-resized") ?? "") ? response : null;
      },
      cacheStatus: ({ headers }) => {
        const said = headers.get("cf-cache-status") ?? "";
        if (said === "HIT") return hit(ttlOf(headers));
        return `edgeproof; ${CACHE_STATUS[said] ?? "fwd=miss"}`;
      },
      waitUntil: (promise) => context.waitUntil(promise),
      now: () => Math.floor(Date.now() / 1000),
      log: (record) => console.log(JSON.stringify(record)),
    });
  },
};
