/** When the edge makes a picture itself, what it asks its resizer for, and when it does not. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { handle } from "../../../edge/js/handle.js";
import { checkProof } from "../../../edge/js/proof.js";
import { readSettings } from "../../../edge/js/settings.js";
import { HOST, pathOf, RING, SECRETS, signed } from "./play.js";

const NOW = 1_767_225_600;
const INFO = { width: 6000, height: 4000, has_alpha: false };
const JPEG = { "content-type": "image/jpeg" };

/** An edge whose resizer answers `resized`, and what it and the origin were asked for. */
function play({ lane = "on", info = INFO, resized = () => new Response("made", { headers: JPEG }) } = {}) {
  const values = {
    EDGEPROOF_HOSTS: HOST,
    EDGEPROOF_EDGE_TRANSFORM: lane,
    EDGEPROOF_KEY_RING: JSON.stringify(RING),
    EDGEPROOF_EDGE_SECRETS: JSON.stringify(SECRETS),
  };
  /** @type {string[]} */
  const origin = [];
  /** @type {{url: string, headers: Record<string, string>, resize: object}[]} */
  const resizer = [];
  const settings = readSettings((name) => values[name]);
  const platform = {
    upstream: () => `https://${HOST}`,
    fetchUpstream: async (url) => {
      origin.push(url.slice(url.lastIndexOf("/") + 1));
      const fields = { "edgeproof-generation": "7", etag: '"o"' };
      if (url.endsWith("/info.json")) {
        return new Response(JSON.stringify(info), { headers: { ...fields, "content-type": "application/json" } });
      }
      return new Response("origin's", { headers: { ...fields, ...JPEG } });
    },
    fetchResized: async (url, headers, resize) => {
      resizer.push({ url, headers, resize });
      return resized();
    },
    cacheStatus: () => "edgeproof; fwd=uri-miss",
    waitUntil: () => undefined,
    now: () => NOW,
    log: () => undefined,
  };
  const get = async (leaf, headers = {}) =>
    handle(
      new Request(`https://${HOST}${await signed(pathOf(leaf), NOW + 60)}`, { headers }),
      () => settings,
      platform,
    );
  return { get, origin, resizer };
}

test("a picture of the edge lane is made here from the edge master and says so", async () => {
  const { get, origin, resizer } = play();
  const answer = await get("w_480,c_0_0_50000_50000,r_90,fl_h,q_60.jpg");
  assert.equal(await answer.text(), "made");
  assert.equal(answer.headers.get("edgeproof-lane"), "edge");
  assert.equal(answer.headers.get("edgeproof-generation"), "7");
  assert.deepEqual(origin, ["info.json"]);
  const [{ url, headers, resize }] = resizer;
  assert.equal(url, `https://${HOST}${pathOf("t_edge~1.jpg")}`);
  await checkProof(
    headers["Edgeproof-Edge"],
    new Map(Object.entries(SECRETS)),
    { method: "GET", host: HOST, path: pathOf("t_edge~1.jpg") },
    NOW,
  );
  assert.deepEqual(resize, {
    trim: { left: 0, top: 0, width: 1280, height: 852 },
    flip: "v",
    rotate: 90,
    width: 480,
    height: 720,
    ext: "jpg",
    quality: 60,
  });
});

test("the whole photo is not trimmed and a quality is the encoder's own number", async () => {
  const { get, resizer } = play({ resized: () => new Response("m", { headers: { "content-type": "image/avif" } }) });
  await get("w_320.avif");
  assert.deepEqual(resizer[0].resize, {
    trim: null,
    flip: null,
    rotate: 0,
    width: 320,
    height: 213,
    ext: "avif",
    quality: 65,
  });
});

test("a range of a picture made here is a slice of it", async () => {
  const { get } = play();
  const answer = await get("w_640.jpg", { range: "bytes=1-2" });
  assert.deepEqual([answer.status, await answer.text()], [206, "ad"]);
});

for (const [sentence, leaf, options] of /** @type {[string, string, object][]} */ ([
  ["the lane is off", "w_640.jpg", { lane: "off" }],
  ["a preset is the origin's", "t_card~3.jpg", {}],
  ["smart gravity is the origin's", "w_64,h_64,fit_cover,g_smart.jpg", {}],
  ["the photo has transparency", "w_640.jpg", { info: { ...INFO, has_alpha: true } }],
  ["contain needs a canvas", "w_640,h_640,fit_contain.jpg", {}],
  ["an AVIF is over 1,200 px a side", "w_1280.avif", {}],
  ["the source has more than the master", "w_640,c_0_0_10000_10000.jpg", {}],
])) {
  test(`the origin makes it when ${sentence}`, async () => {
    const { get, origin, resizer } = play(options);
    const answer = await get(leaf);
    assert.equal(await answer.text(), "origin's");
    assert.equal(answer.headers.get("edgeproof-lane"), null);
    assert.equal(resizer.length, 0);
    assert.equal(origin.at(-1)?.endsWith(leaf.slice(leaf.lastIndexOf("."))), true);
  });
}

for (const [sentence, resized] of /** @type {[string, () => Response | null][]} */ ([
  ["fails", () => { throw new Error("9401"); }],
  ["answers an error", () => new Response("", { status: 415, headers: JPEG })],
  ["answers another format", () => new Response("x", { headers: { "content-type": "image/png" } })],
  ["did nothing", () => null],
])) {
  test(`the origin makes it when the resizer ${sentence}`, async () => {
    const { get, origin, resizer } = play({ resized });
    const answer = await get("w_640.jpg");
    assert.equal(await answer.text(), "origin's");
    assert.equal(resizer.length, 1);
    assert.deepEqual(origin, ["info.json", "w_640.jpg"]);
  });
}

test("an info.json that cannot be read leaves the picture to the origin", async () => {
  const { get } = play({ info: /** @type {any} */ (null) });
  assert.equal(await (await get("w_640.jpg")).text(), "origin's");
});
