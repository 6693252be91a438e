/** Tests inside workerd, with wrangler.toml's production environment and an origin in this file. */
import { fileURLToPath } from "node:url";

import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

import { ORIGIN_DELAY_MS, RING, SECRETS } from "./play.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
let asked = 0;

/** An origin that counts: slow, so that equal requests meet; `/asked` tells how many came. */
async function origin(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === "/asked") return new Response(String(asked));
  asked += 1;
  await new Promise((resolve) => setTimeout(resolve, ORIGIN_DELAY_MS));
  if (url.pathname.endsWith("/w_64.png")) throw new Error("the origin is down");
  return new Response(`${request.method} ${url.pathname}`, {
    headers: {
      "content-type": "application/json", // workerd warns when a picture is read as text
      "cache-control": "public, max-age=60",
      "cdn-cache-control": "max-age=31536000",
      "surrogate-key": "all",
      etag: '"1"',
    },
  });
}

export default defineConfig({
  root: ROOT,
  plugins: [
    cloudflareTest({
      wrangler: { configPath: "./wrangler.toml", environment: "production" },
      miniflare: {
        bindings: {
          EDGEPROOF_PUBLIC_TENANTS: "catalogue=604800",
          EDGEPROOF_KEY_RING: JSON.stringify(RING),
          EDGEPROOF_EDGE_SECRETS: JSON.stringify(SECRETS),
        },
        outboundService: origin,
      },
    }),
  ],
  test: { include: ["tests/edge/js/*.spec.js"], silent: "passed-only" },
});
