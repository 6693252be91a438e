/** The vectors in Node: every row of every file that concerns an edge. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { JUDGES } from "./vectors.js";

const FOLDER = new URL("../../../cache_keys/vectors/", import.meta.url);
/** Documents, ids, tags and expiry are made by the origin and the signer; edges know none of them. */
const NOT_OF_AN_EDGE = ["design", "ids", "presets", "signer", "tags"];

test("every file of vectors is run, or is none of an edge's", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
  const ours = files.map((name) => name.slice(0, -5)).filter((name) => !NOT_OF_AN_EDGE.includes(name));
  assert.deepEqual(ours.sort(), Object.keys(JUDGES).sort());
});

for (const [name, judge] of Object.entries(JUDGES)) {
  const document = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"));
  test(name, async (context) => {
    assert.ok(document.rows.length > 0);
    for (const row of document.rows) {
      await context.test(row.id, async () => {
        const [actual, expected] = await judge(row, document);
        assert.deepEqual(actual, expected);
      });
    }
  });
}
