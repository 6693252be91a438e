/** Who may make the pixels of a canonical path. */
import * as policy from "./policy.generated.js";
import { Refusal } from "./refusal.js";

/** @import { Transform } from "./canonical.js" */
/** edge: also the CDN, from the edge master. origin: only we. print: never cached. */
/** @typedef {"edge" | "origin" | "print"} Lane */

/**
 * Return the lane of a canonical Transform; null stands for info.json.
 * @param {Transform | null} transform
 * @returns {Lane}
 */
export function laneOf(transform) {
  if (transform === null || policy.ORIGIN_OPS.some((name) => transform.ops.has(name))) {
    return "origin";
  }
  return policy.ORIGIN_GRAVITY.includes(transform.ops.get("g") ?? "") ? "origin" : "edge";
}

/**
 * Return the lane of a canonical path, read as text.
 * @param {string} path
 * @returns {Lane}
 */
export function laneOfPath(path) {
  if (path.startsWith(policy.PRINT_ROOT)) return "print";
  if (!path.startsWith(policy.ROOT)) throw new Refusal("url.unknown");
  const leaf = path.slice(path.lastIndexOf("/") + 1);
  if (leaf === policy.INFO) return "origin";
  const ops = leaf.slice(0, leaf.lastIndexOf(".")).split(",");
  const isOrigin = ops.some((op) => {
    const [name, value] = op.split("_");
    return policy.ORIGIN_OPS.includes(name) || (name === "g" && policy.ORIGIN_GRAVITY.includes(value));
  });
  return isOrigin ? "origin" : "edge";
}
