/** Step 9: which format `.auto` becomes, from the Accept header alone. */
import * as policy from "./policy.generated.js";
import { whole } from "./request.js";

const Q = whole(policy.ACCEPT_Q);
const Q_ZERO = whole(policy.ACCEPT_Q_ZERO);

/**
 * Return avif, webp or jpg for a canonical box in px and the Accept lines as received.
 * @param {readonly string[]} accept
 * @param {number | null} w
 * @param {number | null} h
 */
export function chooseFormat(accept, w, h) {
  const line = accept.join(",");
  if (line.length > policy.ACCEPT_BYTES_MAX) return "jpg";
  const named = namedFormats(line);
  const isSmall = (w ?? 0) <= policy.AUTO_AVIF_SIDE && (h ?? 0) <= policy.AUTO_AVIF_SIDE;
  if (isSmall && named.has("image/avif")) return "avif";
  return named.has("image/webp") ? "webp" : "jpg";
}

/**
 * Return the types that some element names with q above 0 and none with q 0. Wildcards name
 * nothing, q-values are not ordered, a broken q voids its element.
 * @param {string} line
 */
function namedFormats(line) {
  const wanted = new Set();
  const unwanted = new Set();
  for (const element of line.replace(/[ \t]+/g, "").toLowerCase().split(",")) {
    const [name, ...parameters] = element.split(";");
    if (name !== "image/avif" && name !== "image/webp") continue;
    const q = firstQ(parameters);
    if (Q.test(q)) (Q_ZERO.test(q) ? unwanted : wanted).add(name);
  }
  for (const name of unwanted) wanted.delete(name);
  return wanted;
}

/** @param {string[]} parameters */
function firstQ(parameters) {
  const found = parameters.find((one) => one === "q" || one.startsWith("q="));
  return found === undefined ? "1" : found.slice(2);
}
