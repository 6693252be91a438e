/// <reference types="@fastly/js-compute" />
/** The Fastly Compute host: stores in, the service's own read-through cache by fetch(). */
import { CacheOverride } from "fastly:cache-override";
import { ConfigStore } from "fastly:config-store";
import { env } from "fastly:env";
import { SecretStore } from "fastly:secret-store";

import { hit } from "../js/freshness.js";
import { handle } from "../js/handle.js";
import { Refusal } from "../js/refusal.js";
import { readSettings } from "../js/settings.js";
import { keepStale } from "./stale.js";

const STORE = "edgeproof"; // the config store and the secret store have one name
const BACKEND = "origin";
const SECRETS = ["EDGEPROOF_KEY_RING", "EDGEPROOF_EDGE_SECRETS"];

/** Read both stores; an instance answers one request, so nothing is kept. */
async function settings() {
  const secrets = new SecretStore(STORE);
  const read = SECRETS.map(async (name) => (await secrets.get(name))?.plaintext());
  const [ring, edgeSecrets] = await Promise.all(read).catch(unset);
  const values = open();
  return readSettings((name) => {
    if (name === SECRETS[0]) return ring;
    return name === SECRETS[1] ? edgeSecrets : values.get(name);
  });
}

function open() {
  try {
    return new ConfigStore(STORE);
  } catch {
    return unset();
  }
}

/** @returns {never} */
function unset() {
  throw new Refusal("edge.unset", STORE);
}

addEventListener("fetch", (event) =>
  event.respondWith(
    handle(event.request, settings, {
      upstream: ({ url }) => url.slice(0, url.indexOf("/", url.indexOf("//") + 2)),
      // Surrogate-Control and Surrogate-Key are obeyed as they are; equal misses collapse by themselves.
      fetchUpstream: (url, headers) => {
        // Viceroy, Fastly's local server, has no HTTP cache and refuses its hooks.
        const hooks = env("FASTLY_HOSTNAME") === "localhost" ? {} : { afterSend: keepStale };
        const cacheOverride = new CacheOverride("override", hooks);
        return fetch(url, { headers, backend: BACKEND, cacheOverride });
      },
      cacheStatus: ({ cached, stale, ttl, age }) => {
        if (!cached) return "edgeproof; fwd=uri-miss";
        if (stale) return "edgeproof; hit; detail=stale";
        return hit(ttl === undefined || age === undefined ? null : Math.floor(ttl - age));
      },
      waitUntil: (promise) => event.waitUntil(promise),
      now: () => Math.floor(Date.now() / 1000),
      log: (record) => console.log(JSON.stringify(record)),
    }),
  ),
);
