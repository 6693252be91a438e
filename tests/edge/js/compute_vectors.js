/**
 * The vectors in the engine of Fastly Compute: this program runs them while it is built, when the
 * engine starts it to take its picture of the memory, and prints one line for each file.
 */
import accept from "../../../cache_keys/vectors/accept.json";
import canonical from "../../../cache_keys/vectors/canonical.json";
import lanes from "../../../cache_keys/vectors/lanes.json";
import pairs from "../../../cache_keys/vectors/pairs.json";
import proof from "../../../cache_keys/vectors/proof.json";
import refused from "../../../cache_keys/vectors/refused.json";
import request from "../../../cache_keys/vectors/request.json";
import rings from "../../../cache_keys/vectors/rings.json";
import signature from "../../../cache_keys/vectors/signature.json";
import tenant_keys from "../../../cache_keys/vectors/tenant_keys.json";
import { JUDGES } from "./vectors.js";

const documents = { accept, canonical, lanes, pairs, proof, refused, request, rings, signature, tenant_keys };

/**
 * @param {string} name
 * @param {{rows: Record<string, any>[]}} document
 */
async function play(name, document) {
  const wrong = [];
  for (const row of document.rows) {
    const [actual, expected] = await JUDGES[name](row, document);
    if (JSON.stringify(actual) !== JSON.stringify(expected)) wrong.push(row.id);
  }
  console.log(`VECTORS ${JSON.stringify({ name, rows: document.rows.length, wrong })}`);
}

for (const [name, document] of Object.entries(documents)) {
  play(name, document).catch((error) => console.log(`VECTORS ${JSON.stringify({ name, error: String(error) })}`));
}

addEventListener("fetch", (event) => event.respondWith(new Response(null, { status: 404 })));
