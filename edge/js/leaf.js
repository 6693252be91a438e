/** Step 6: read the leaf of a path, ops and ext, or say which rule it breaks first. */
import * as policy from "./policy.generated.js";
import { Refusal } from "./refusal.js";
import { whole } from "./request.js";

/**
 * Ops by name, their values as text: the grammar has one spelling for each number.
 * @typedef {Map<string, string>} Ops
 */

const EXTS = [...policy.EXTS, policy.AUTO];
const GEOMETRY = ["c", "r", "fl", "g"];
const PATTERNS = new Map(Object.entries(policy.OPS).map(([name, text]) => [name, whole(text)]));

/** What the patterns leave open. */
const LIMITS = /** @type {Record<string, (value: string) => boolean>} */ ({
  w: isSide,
  h: isSide,
  c: isCrop,
  g: isGravity,
});

/**
 * Return the ops of a leaf and its ext (`auto` too); throws a Refusal 400 `key.…`.
 * @param {string} leaf
 * @returns {{ops: Ops, ext: string}}
 */
export function readLeaf(leaf) {
  const dot = leaf.lastIndexOf(".");
  const ext = leaf.slice(dot + 1);
  if (dot < 0 || !EXTS.includes(ext)) throw new Refusal("key.ext", "ext");
  const ops = readOps(leaf.slice(0, dot));
  if (!ops.has("w") && !ops.has("h")) {
    if (!ops.has("t")) throw new Refusal("key.no_size");
    if (ops.has("dpr")) throw new Refusal("key.dpr_without_size", "dpr");
  }
  if (ops.has("d")) {
    const name = GEOMETRY.find((one) => ops.has(one));
    if (name !== undefined) throw new Refusal("key.design_owns_geometry", name);
  }
  return { ops, ext };
}

/**
 * Return the values of `name_value,name_value`.
 * @param {string} text
 * @returns {Ops}
 */
function readOps(text) {
  /** @type {Ops} */
  const ops = new Map();
  let wrong;
  let repeated;
  const parts = text.split(",");
  for (const part of parts) {
    const split = part.indexOf("_");
    const name = split < 0 ? part : part.slice(0, split);
    const pattern = PATTERNS.get(name);
    if (pattern === undefined || split < 0) throw new Refusal("key.op", name.slice(0, 20));
    const value = part.slice(split + 1);
    if (!pattern.test(value) || LIMITS[name]?.(value) === false) wrong ??= name;
    if (ops.has(name)) repeated ??= name;
    ops.set(name, value);
  }
  if (parts.length > 1 && parts.some((part) => part.startsWith(`t_${policy.EDGE_PRESET}~`))) {
    wrong ??= "t";
  }
  if (wrong !== undefined) throw new Refusal("key.value", wrong);
  if (repeated !== undefined) throw new Refusal("key.repeated", repeated);
  if (parts.length > policy.OPS_MAX) throw new Refusal("key.many");
  return ops;
}

/** @param {string} value */
function isSide(value) {
  return Number(value) <= policy.TOP;
}

/** @param {string} value */
function isCrop(value) {
  const [x, y, w, h] = value.split("_").map(Number);
  return w >= 1 && h >= 1 && x + w <= policy.UNIT && y + h <= policy.UNIT;
}

/** @param {string} value */
function isGravity(value) {
  return !value.includes("_") || value.split("_").every((n) => Number(n) <= policy.UNIT);
}
