/** How many objects a cache holds for many spellings of few pictures. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { handle } from "../../../edge/js/handle.js";
import { readSettings } from "../../../edge/js/settings.js";
import { HOST, RING, SECRETS, signed } from "./play.js";

const NOW = 1_767_225_600;
const PICTURES = 100;
const SPELLINGS = 100; // of each picture
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
const vectors = new URL("../../../cache_keys/vectors/accept.json", import.meta.url);
/** Accept lines as browsers send them: the vectors' rows about them. */
const BROWSERS = JSON.parse(readFileSync(vectors, "utf8"))
  .rows.filter((row) => /^(Chrome|Firefox|Safari|Edge|Opera|Samsung|Android)/.test(row.id))
  .map((row) => row.accept.join(", "));

/** A generator that is the same in every run (mulberry32). @param {number} seed */
function dice(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test("100 pictures in 10,000 spellings are at most 300 objects", async () => {
  const roll = dice(20_261_122);
  const pick = (/** @type {any[]} */ list) => list[Math.floor(roll() * list.length)];
  const objects = new Set();
  const spellings = new Set();
  const settings = readSettings((name) => ({
    EDGEPROOF_HOSTS: HOST,
    EDGEPROOF_KEY_RING: JSON.stringify(RING),
    EDGEPROOF_EDGE_SECRETS: JSON.stringify(SECRETS),
  })[name]);
  const platform = {
    upstream: () => `https://${HOST}`,
    fetchUpstream: async (url) => (objects.add(url), new Response("x", { headers: { "content-type": "image/webp" } })),
    cacheStatus: () => "edgeproof; hit",
    waitUntil: () => undefined,
    now: () => NOW,
    log: (record) => assert.fail(JSON.stringify(record)),
  };
  for (let picture = 0; picture < PICTURES; picture++) {
    const name = [Math.floor(picture / 32), picture % 32].map((digit) => BASE32[digit]).join("");
    const quality = pick([50, 60, 70, 80]);
    for (let spelling = 0; spelling < SPELLINGS; spelling++) {
      // The rung of 640 px: every width from 481 up, or half of it for a screen of two px a point.
      const dpr = pick([1, 2]);
      const width = Math.floor((481 + roll() * 160) / dpr);
      const ops = [`w_${Math.max(width, Math.ceil(481 / dpr))}`, `q_${quality}`, "fit_inside", "r_180", "fl_v"];
      if (dpr === 2 || roll() < 0.5) ops.push(`dpr_${dpr}`);
      if (roll() < 0.5) ops.push("c_0_0_100000_100000");
      const shuffled = ops.map((op) => [roll(), op]).sort().map(([, op]) => op);
      const path = `/v1/acme/${name}${"a".repeat(50)}/${shuffled.join(",")}.auto`;
      const target = await signed(path, NOW + 86_400 * pick([1, 2, 3]), pick(["", "asset"]));
      spellings.add(target);
      const url = `https://${HOST}${target}&utm_source=${Math.floor(roll() * 1000)}`;
      const headers = { accept: pick(BROWSERS) };
      const answer = await handle(new Request(url, { headers }), () => settings, platform);
      assert.equal(answer.status, 200);
    }
  }
  assert.ok(BROWSERS.length >= 20, `${BROWSERS.length} browsers`);
  assert.ok(spellings.size > 9_000);
  assert.ok(objects.size <= 300, `${objects.size} objects`);
  assert.ok(objects.size > 200);
});
