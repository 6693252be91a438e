/** Steps 7, 8 and 10: one spelling for every size and orientation, and the text of a Transform. */
import * as policy from "./policy.generated.js";
import { Refusal } from "./refusal.js";

/** @import { Ops } from "./leaf.js" */

/**
 * What one URL asks for, in canonical meaning: only ops that are in the key; ext is never auto.
 * @typedef {{ext: string, ops: ReadonlyMap<string, string>}} Transform
 */
/** @typedef {{w: number | null, h: number | null}} Box */

const FULL_CROP = `0_0_${policy.UNIT}_${policy.UNIT}`;
const PLACED = ["cover", "contain"];

/** @param {number} sidePx */
function rungOf(sidePx) {
  const side = Math.min(sidePx, policy.TOP);
  return policy.LADDER.findIndex((rung) => rung >= side);
}

/** @param {number} sidePx */
function snap(sidePx) {
  return policy.LADDER[rungOf(sidePx)];
}

/**
 * Return the box on the ladder that has the asked aspect, halves rounded up.
 * @param {number} widthPx
 * @param {number} heightPx
 * @returns {Box}
 */
function snapBox(widthPx, heightPx) {
  for (let rung = rungOf(widthPx); rung >= 0; rung--) {
    const w = policy.LADDER[rung];
    // Below 2^53: the sides are at most 3 · TOP.
    const h = Math.floor((2 * heightPx * w + widthPx) / (2 * widthPx));
    if (h <= policy.TOP) return { w, h };
  }
  throw new Refusal("key.aspect", "h");
}

/**
 * Return step 7's w and h in px.
 * @param {Ops} ops
 * @returns {Box}
 */
export function canonicalBox(ops) {
  const dpr = Number(ops.get("dpr") ?? 1);
  const w = ops.has("w") ? Number(ops.get("w")) * dpr : null;
  const h = ops.has("h") ? Number(ops.get("h")) * dpr : null;
  if (w !== null && h !== null) return snapBox(w, h);
  return { w: w === null ? null : snap(w), h: h === null ? null : snap(h) };
}

/**
 * Return what the ops of a leaf mean (step 8).
 * @param {Ops} read
 * @param {Box} box of canonicalBox()
 * @param {string} ext not auto
 * @returns {Transform}
 */
export function canonicalTransform(read, { w, h }, ext) {
  const ops = new Map(read);
  ops.delete("dpr");
  if (w !== null) ops.set("w", String(w));
  if (h !== null) ops.set("h", String(h));
  if (!ops.has("t")) {
    spellOrientation(ops);
    if (ops.get("c") === FULL_CROP) ops.delete("c");
    if (ops.get("fit") === "inside" || w === null || h === null) ops.delete("fit");
    if (ops.get("g") === "c" || !PLACED.includes(ops.get("fit") ?? "")) ops.delete("g");
  }
  return { ext, ops };
}

/**
 * Spell an orientation as a turn of 90, 180, 270 or none, then `h` or none.
 * @param {Ops} ops
 */
function spellOrientation(ops) {
  const flip = ops.get("fl");
  if (flip !== "v" && flip !== "hv") return;
  const turn = (Number(ops.get("r") ?? 0) + 180) % 360;
  if (turn === 0) ops.delete("r");
  else ops.set("r", String(turn));
  if (flip === "v") ops.set("fl", "h");
  else ops.delete("fl");
}

/**
 * Write a Transform as the last segment of a canonical path: `ops.ext`.
 * @param {Transform} transform
 */
export function leafText({ ext, ops }) {
  const texts = policy.ORDER.filter((name) => ops.has(name)).map(
    (name) => `${name}_${ops.get(name)}`,
  );
  return `${texts.join(",")}.${ext}`;
}
