/** What this implementation says to every row of the vectors, as text: one column of the table. */
import { JUDGES } from "./vectors.js";

/** @typedef {import("./vectors.js").Document} Document */

/** How the answer of a row is written, where it is not text already. @type {Record<string, (actual: any) => string>} */
const WRITTEN = {
  canonical: ([path, negotiated]) => (negotiated ? `${path} auto` : path),
  pairs: (isEqual) => (isEqual ? "equal" : "different"),
  tenant_keys: ([, sig]) => sig,
  proof: (refused) => refused ?? "ok",
  rings: (kids) => (kids === null ? "none" : kids.join(" ")),
  resizes: (image) => JSON.stringify(image),
};

/**
 * @param {Record<string, Document>} documents by the name of their file
 * @returns {Promise<Record<string, Record<string, string>>>} answers by file and id of the row
 */
export async function answersTo(documents) {
  /** @type {Record<string, Record<string, string>>} */
  const found = {};
  for (const [name, document] of Object.entries(documents)) {
    found[name] = {};
    for (const row of document.rows) {
      const [actual] = await JUDGES[name](row, document);
      found[name][row.id] = WRITTEN[name]?.(actual) ?? String(actual);
    }
  }
  return found;
}
