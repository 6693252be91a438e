/** Which answers of an origin make Compute give what it still has. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { keepStale } from "../../../edge/fastly/stale.js";

const answer = (/** @type {number} */ status, /** @type {boolean} */ kept) => ({
  status,
  staleIfErrorAvailable: () => kept,
});

test("an answer that says nothing about the picture gives way to what is stale", () => {
  for (const status of [301, 400, 403, 421, 429, 500, 502, 503, 504]) {
    assert.throws(() => keepStale(answer(status, true)), new RegExp(`answered ${status}$`));
  }
});

test("with nothing stale every answer passes", () => {
  for (const status of [429, 503]) keepStale(answer(status, false));
});

test("a picture, one that is still the same, one that is not there and one that was erased pass", () => {
  for (const status of [200, 304, 404, 410]) keepStale(answer(status, true));
});
