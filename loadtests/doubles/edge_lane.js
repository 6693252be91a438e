/**
 * The Worker's core in Node with a resizer of sharp in Cloudflare's documented order: a double for
 * cf.image, which wrangler's local one is not (it has no trim and no flip).
 * PORT, UPSTREAM (the zone's cache) and the edge's own settings come from the environment.
 */
import { createServer } from "node:http";

import sharp from "sharp";

import { handle } from "../../edge/js/handle.js";
import { readSettings } from "../../edge/js/settings.js";

const { PORT, UPSTREAM } = process.env;
const TYPES = { avif: "image/avif", webp: "image/webp", jpg: "image/jpeg", png: "image/png" };
const settings = readSettings((name) => process.env[name]);
/** What was resized, by master and parameters, as Cloudflare keeps it. */
const resized = new Map();

/** Trim, flip, turn, then exactly this size: the order of Cloudflare's own documentation. */
async function resize(master, { trim, flip, rotate, width, height, ext, quality }) {
  let steps = sharp(master);
  if (trim) steps = steps.extract(trim);
  let pixels = await steps.png({ compressionLevel: 0 }).toBuffer();
  if (flip) pixels = await (flip === "h" ? sharp(pixels).flop() : sharp(pixels).flip()).png({ compressionLevel: 0 }).toBuffer();
  if (rotate) pixels = await sharp(pixels).rotate(rotate).png({ compressionLevel: 0 }).toBuffer();
  const sized = sharp(pixels).resize(width, height, { fit: "fill" });
  if (ext === "avif") return sized.avif({ quality, effort: 0 }).toBuffer();
  if (ext === "webp") return sized.webp({ quality, effort: 2 }).toBuffer();
  return (ext === "jpg" ? sized.jpeg({ quality }) : sized.png()).toBuffer();
}

async function fetchResized(url, headers, wish) {
  const name = url + JSON.stringify(wish);
  const kept = resized.get(name);
  const made = kept ?? (await make(url, headers, wish));
  if (made === null) return null;
  resized.set(name, made);
  const fields = { ...made.fields, "cf-cache-status": kept ? "HIT" : "MISS" };
  return new Response(made.body, { headers: fields });
}

async function make(url, headers, wish) {
  const answer = await fetch(url, { headers });
  if (answer.status !== 200) return null;
  const body = await resize(Buffer.from(await answer.arrayBuffer()), wish);
  const generation = answer.headers.get("edgeproof-generation");
  return { body, fields: { "content-type": TYPES[wish.ext], "edgeproof-generation": generation } };
}

const platform = {
  upstream: () => UPSTREAM,
  fetchUpstream: (url, headers) => fetch(url, { headers, redirect: "manual" }),
  fetchResized,
  cacheStatus: ({ headers }) =>
    `edgeproof; ${headers.get("cf-cache-status") === "HIT" ? "hit" : "fwd=uri-miss"}`,
  waitUntil: () => undefined,
  now: () => Math.floor(Date.now() / 1000),
  log: (record) => record.event === "edge_lane_failed" && console.log(JSON.stringify(record)),
};

createServer(async (asked, answer) => {
  const request = new Request(`http://${asked.headers.host}${asked.url}`, {
    method: asked.method,
    headers: { ...asked.headers },
  });
  const { status, headers, body } = await handle(request, () => settings, platform);
  answer.writeHead(status, Object.fromEntries(headers));
  answer.end(body === null ? undefined : Buffer.from(await new Response(body).arrayBuffer()));
}).listen(Number(PORT), "127.0.0.1");
