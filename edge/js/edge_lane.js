/** The edge lane: what a CDN's resizer is asked for, so that it makes the picture of a key. */
import { coverWindow, cropRectangle, finishedPoint, masterSize, pictureSize } from "./geometry.js";
import * as policy from "./policy.generated.js";

/** @import { Transform } from "./canonical.js" */
/** @import { Rectangle, Size } from "./geometry.js" */
/**
 * What a resizer does with the edge master, in this order: trim (whole px of the master; null is
 * all of it), flip, turn, then exactly this size. quality: the encoder's own number.
 * @typedef {{
 *   trim: Rectangle | null, flip: "h" | "v" | null, rotate: number, width: number, height: number,
 *   ext: string, quality: number,
 * }} Resize
 */
/** @typedef {{width: number, height: number, has_alpha: boolean}} Info */

/** The edge master, as a leaf. */
export const EDGE_MASTER = `t_${policy.EDGE_PRESET}~${policy.EDGE_VERSION}.jpg`;
const AVIF_SIDE_MAX = 1200; // px; above it Cloudflare makes another format instead
// As origin/render/levels.py: with fewer px of the master per output px the source is used, if it
// is this much finer.
const MASTER_DENSITY_MIN = 1.5;
const SOURCE_GAIN_MIN = 1.1;
const Q_DEFAULT = 80;

/**
 * Return what makes a picture of the edge lane from the edge master; null leaves it to the origin:
 * a photo with transparency, contain (its canvas), a picture finer than the master, a large AVIF.
 * @param {Transform} transform
 * @param {Info} info the photo's info.json
 * @returns {Resize | null}
 */
export function resizeOf({ ext, ops }, { width, height, has_alpha: hasAlpha }) {
  const fit = ops.get("fit") ?? "inside";
  if (hasAlpha || fit === "contain") return null;
  const source = { width, height };
  const turn = Number(ops.get("r") ?? 0);
  const isFlipped = ops.has("fl"); // canonical without a preset: h or none
  const [x, y, w, h] = (ops.get("c") ?? `0_0_${policy.UNIT}_${policy.UNIT}`).split("_").map(Number);
  const crop = { left: x * width, top: y * height, width: w * width, height: h * height };
  const isSideways = turn === 90 || turn === 270;
  const frame = isSideways ? { width: crop.height, height: crop.width } : crop;
  const box = { width: Number(ops.get("w") ?? policy.TOP), height: Number(ops.get("h") ?? policy.TOP) };
  const size = pictureSize(frame, box, fit);
  const part = shown(scaled(crop), size, { turn, isFlipped, fit, g: ops.get("g") ?? "c" }, source);
  const master = masterSize(source);
  if (isTooFine(part, isSideways ? swapped(size) : size, source, master)) return null;
  if (ext === "avif" && Math.max(size.width, size.height) > AVIF_SIDE_MAX) return null;
  return {
    trim: wholePx(part, source, master),
    // Ours is flipped after the turn, the resizer's before it.
    flip: isFlipped ? (isSideways ? "v" : "h") : null,
    rotate: turn,
    ...size,
    ext,
    quality: encoderQuality(ext, Number(ops.get("q") ?? Q_DEFAULT)),
  };
}

/**
 * Return the rectangle of the source that a picture shows, px.
 * @param {Rectangle} crop px
 * @param {Size} size px
 * @param {{turn: number, isFlipped: boolean, fit: string, g: string}} look
 * @param {Size} source px
 * @returns {Rectangle}
 */
function shown(crop, size, { turn, isFlipped, fit, g }, source) {
  if (fit !== "cover") return crop;
  const frame = turn === 90 || turn === 270 ? swapped(crop) : crop;
  const part = cropRectangle(coverWindow(frame, size, gravity()), crop, turn, isFlipped);
  return { ...part, left: crop.left + part.left, top: crop.top + part.top };

  function gravity() {
    if (!g.includes("_")) return g;
    const [x, y] = g.split("_").map(Number);
    const point = {
      x: (x * source.width) / policy.UNIT - crop.left,
      y: (y * source.height) / policy.UNIT - crop.top,
    };
    return finishedPoint(point, crop, turn, isFlipped);
  }
}

/**
 * Say whether the master has too few px for a picture, and the source has more.
 * @param {Rectangle} part source px
 * @param {Size} size px, as the source lies
 * @param {Size} source
 * @param {Size} master
 */
function isTooFine(part, size, source, master) {
  const rx = master.width / source.width;
  const ry = master.height / source.height;
  const density = Math.min((part.width / size.width) * rx, (part.height / size.height) * ry);
  return density < MASTER_DENSITY_MIN && 1 / Math.min(rx, ry) > SOURCE_GAIN_MIN;
}

/**
 * Return a rectangle of the source in whole px of the master, each edge at most half of one off;
 * null is all of it.
 * @param {Rectangle} part
 * @param {Size} source
 * @param {Size} master
 * @returns {Rectangle | null}
 */
function wholePx(part, source, master) {
  const across = edges(part.left, part.width, source.width, master.width);
  const down = edges(part.top, part.height, source.height, master.height);
  if (across.length === master.width && down.length === master.height) return null;
  return { left: across.start, top: down.start, width: across.length, height: down.length };
}

/**
 * @param {number} start
 * @param {number} length
 * @param {number} sourcePx
 * @param {number} masterPx
 */
function edges(start, length, sourcePx, masterPx) {
  const first = Math.min(Math.round((start * masterPx) / sourcePx), masterPx - 1);
  const last = Math.round(((start + length) * masterPx) / sourcePx);
  return { start: first, length: Math.max(1, Math.min(last, masterPx) - first) };
}

/** @param {Rectangle} rectangle in 1/100000 px */
function scaled({ left, top, width, height }) {
  const { UNIT } = policy;
  return { left: left / UNIT, top: top / UNIT, width: width / UNIT, height: height / UNIT };
}

/** @param {Size} size */
function swapped({ width, height }) {
  return { width: height, height: width };
}

/**
 * As origin/render/quality.py: the same q looks equally good in every format.
 * @param {string} ext
 * @param {number} q
 */
function encoderQuality(ext, q) {
  if (ext === "avif") return Math.floor((3 * q + 20) / 4);
  return ext === "webp" ? Math.floor((3 * q + 100) / 4) : q;
}
