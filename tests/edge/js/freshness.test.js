/** What a Worker may say about how long its cache still keeps an answer. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { hit, ttlOf } from "../../../edge/js/freshness.js";

const CONTROL = "max-age=31536000, stale-while-revalidate=86400, stale-if-error=604800";

test("what is left is the lifetime for edges less the age", () => {
  const headers = new Headers({ "cdn-cache-control": CONTROL, "cache-control": "max-age=60", age: "90" });
  assert.equal(ttlOf(headers), 31_535_910);
});

test("an answer past its lifetime has less than nothing left", () => {
  assert.equal(ttlOf(new Headers({ "cdn-cache-control": "max-age=10", age: "25" })), -15);
});

for (const [sentence, fields] of /** @type {[string, Record<string, string>][]} */ ([
  ["no age", { "cdn-cache-control": CONTROL }],
  ["no lifetime", { age: "3", "cache-control": "max-age=60" }],
  ["another lifetime", { "cdn-cache-control": "s-max-age=60", age: "3" }],
  ["an age that is none", { "cdn-cache-control": CONTROL, age: "-3" }],
  ["ages of two caches", { "cdn-cache-control": CONTROL, age: "3, 4" }],
])) {
  test(`nothing is said with ${sentence}`, () => assert.equal(ttlOf(new Headers(fields)), null));
}

test("a hit says its ttl only where it is known", () => {
  assert.equal(hit(7), "edgeproof; hit; ttl=7");
  assert.equal(hit(null), "edgeproof; hit");
});
