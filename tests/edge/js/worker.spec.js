/** Inside workerd: every vector, and what only the real isolate can show. */
import { env, exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";

import { HOST, pathOf, signed } from "./play.js";
import { JUDGES } from "./vectors.js";

const documents = import.meta.glob("../../../cache_keys/vectors/*.json", { eager: true, import: "default" });

describe.each(Object.entries(JUDGES))("%s", (name, judge) => {
  const document = documents[`../../../cache_keys/vectors/${name}.json`];
  test.each(document.rows.map((row) => [row.id, row]))("%s", async (_, row) => {
    const [actual, expected] = await judge(row, document);
    expect(actual).toEqual(expected);
  });
});

const exp = () => Math.floor(Date.now() / 1000) + 86_400;

/**
 * @param {string} target
 * @param {RequestInit} [init]
 */
const get = (target, init) => exports.default.fetch(`http://${HOST}${target}`, init);
const countAsked = async () => Number(await (await fetch(`http://${HOST}/asked`)).text());

test("the vectors ran in workerd", () => {
  expect(navigator.userAgent).toBe("Cloudflare-Workers");
  expect(env.EDGEPROOF_HOSTS).toBe(HOST);
});

test("fifty equal cold requests are one origin request", async () => {
  const target = await signed(pathOf("w_640.auto"), exp());
  const before = await countAsked();
  const accept = { headers: { accept: "image/webp" } };
  const answers = await Promise.all(Array.from({ length: 50 }, () => get(target, accept)));
  const bodies = await Promise.all(answers.map((answer) => answer.text()));
  expect(new Set(bodies)).toEqual(new Set([`GET ${pathOf("w_640.webp")}`]));
  expect((await countAsked()) - before).toBe(1);
  const collapsed = answers.filter((one) => one.headers.get("cache-status")?.endsWith("; collapsed"));
  expect(collapsed.length).toBe(49);
});

test("different pictures are different origin requests", async () => {
  const before = await countAsked();
  const leaves = ["w_64.webp", "w_96.webp", "w_160.webp"];
  const bodies = await Promise.all(
    leaves.map(async (leaf) => (await get(await signed(pathOf(leaf), exp()))).text()),
  );
  expect(bodies).toEqual(leaves.map((leaf) => `GET ${pathOf(leaf)}`));
  expect((await countAsked()) - before).toBe(3);
});

test("HEAD is asked as GET, answered without a body and with its fields", async () => {
  const target = await signed(pathOf("w_320.webp"), exp());
  const [head, full] = [await get(target, { method: "HEAD" }), await get(target)];
  expect(await head.text()).toBe("");
  expect(await full.text()).toBe(`GET ${pathOf("w_320.webp")}`);
  expect([head.status, head.headers.get("etag")]).toEqual([200, '"1"']);
});

test("nothing reaches the origin for what is refused", async () => {
  const before = await countAsked();
  for (const [target, init, status] of /** @type {[string, RequestInit, number][]} */ ([
    [pathOf("w_640.webp"), {}, 403],
    [await signed(pathOf("nonsense"), exp()), {}, 400],
    [await signed(pathOf("w_640.webp"), exp() - 90_000), {}, 410],
    [await signed(pathOf("w_640.webp"), exp()), { method: "POST", body: "x" }, 405],
    ["/healthz", {}, 404],
    ["/", {}, 404],
  ])) {
    const answer = await get(target, init);
    expect([target, answer.status]).toEqual([target, status]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  }
  expect((await countAsked()) - before).toBe(0);
});

test("an origin that is down is 503, told to everyone who waits and kept by nobody", async () => {
  const target = await signed(pathOf("w_64.png"), exp());
  const answers = await Promise.all([get(target), get(target)]);
  for (const answer of answers) {
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect((await answer.json()).code).toBe("edge.unavailable");
  }
});
