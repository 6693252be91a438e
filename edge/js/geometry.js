/**
 * The size of a picture, exactly, and which part of the photo it shows (docs/urls.md, Geometry).
 * Sides of crops are counted in 1/100000 px, so that sizes need whole numbers only: all products
 * stay below 2^53, and a quotient of such numbers is never rounded across a whole number.
 */
import * as policy from "./policy.generated.js";

/** @typedef {{left: number, top: number, width: number, height: number}} Rectangle */
/** @typedef {{width: number, height: number}} Size */

const { TOP, UNIT } = policy;

/**
 * Return a / b rounded to the nearest integer, halves up.
 * @param {number} a
 * @param {number} b
 */
export const rdiv = (a, b) => Math.floor((2 * a + b) / (2 * b));

/**
 * Return the sides of the edge master of an upright source.
 * @param {Size} source px
 * @returns {Size}
 */
export function masterSize({ width, height }) {
  const long = Math.max(width, height);
  if (long <= TOP) return { width, height };
  const side = (/** @type {number} */ px) => Math.max(8, 8 * rdiv(TOP * px, 8 * long));
  return { width: side(width), height: side(height) };
}

/**
 * Return the size of a picture in px. frame: the finished crop's sides, in 1/100000 source px.
 * @param {Size} frame
 * @param {Size} box px
 * @param {string} fit inside, cover or fill
 * @returns {Size}
 */
export function pictureSize({ width: a, height: b }, { width: w, height: h }, fit) {
  const whole = { width: Math.max(1, rdiv(a, UNIT)), height: Math.max(1, rdiv(b, UNIT)) };
  if (fit === "fill") return { width: Math.min(w, whole.width), height: Math.min(h, whole.height) };
  const isWide = w * b >= h * a; // w/FW >= h/FH
  if (fit === "cover") {
    if (isWide ? w * UNIT <= a : h * UNIT <= b) return { width: w, height: h };
    return isWide
      ? { width: whole.width, height: Math.max(1, rdiv(h * a, w * UNIT)) }
      : { width: Math.max(1, rdiv(w * b, h * UNIT)), height: whole.height };
  }
  if (w * UNIT > a && h * UNIT > b) return whole;
  return w * b <= h * a
    ? { width: w, height: Math.max(1, rdiv(w * b, a)) }
    : { width: Math.max(1, rdiv(h * a, b)), height: h };
}

/**
 * Return the window that cover cuts out of the finished frame, in source px of that frame.
 * @param {Size} frame px
 * @param {Size} size px of the picture
 * @param {string | {x: number, y: number}} gravity a compass point, or a point of the frame in px
 * @returns {Rectangle}
 */
export function coverWindow(frame, size, gravity) {
  const step = Math.min(frame.width / size.width, frame.height / size.height);
  const width = size.width * step;
  const height = size.height * step;
  const place = (/** @type {number} */ room, /** @type {number} */ wanted) =>
    Math.min(Math.max(0, wanted), room);
  const room = { x: frame.width - width, y: frame.height - height };
  if (typeof gravity === "string") {
    return { left: room.x * share(gravity, "w", "e"), top: room.y * share(gravity, "n", "s"), width, height };
  }
  return {
    left: place(room.x, gravity.x - width / 2),
    top: place(room.y, gravity.y - height / 2),
    width,
    height,
  };
}

/**
 * @param {string} gravity
 * @param {string} low
 * @param {string} high
 */
function share(gravity, low, high) {
  if (gravity.includes(low)) return 0;
  return gravity.includes(high) ? 1 : 0.5;
}

/**
 * Take a point of a crop to the finished frame: the turn, clockwise as seen, then the flip.
 * @param {{x: number, y: number}} point px
 * @param {Size} crop px
 * @param {number} turn
 * @param {boolean} isFlipped left to right
 */
export function finishedPoint({ x, y }, crop, turn, isFlipped) {
  const turned = turnedPoint({ x, y }, crop, turn);
  const width = turn === 90 || turn === 270 ? crop.height : crop.width;
  return isFlipped ? { x: width - turned.x, y: turned.y } : turned;
}

/**
 * @param {{x: number, y: number}} point
 * @param {Size} crop
 * @param {number} turn
 */
function turnedPoint({ x, y }, { width, height }, turn) {
  switch (turn) {
    case 90:
      return { x: height - y, y: x };
    case 180:
      return { x: width - x, y: height - y };
    case 270:
      return { x: y, y: width - x };
    default:
      return { x, y };
  }
}

/**
 * Take a rectangle of the finished frame back to the crop.
 * @param {Rectangle} seen px
 * @param {Size} crop px
 * @param {number} turn
 * @param {boolean} isFlipped
 * @returns {Rectangle}
 */
export function cropRectangle(seen, crop, turn, isFlipped) {
  const frameWidth = turn === 90 || turn === 270 ? crop.height : crop.width;
  const left = isFlipped ? frameWidth - seen.left - seen.width : seen.left;
  const { top, width, height } = seen;
  switch (turn) {
    case 90:
      return { left: top, top: crop.height - left - width, width: height, height: width };
    case 180:
      return { left: crop.width - left - width, top: crop.height - top - height, width, height };
    case 270:
      return { left: crop.width - top - height, top: left, width: height, height: width };
    default:
      return { left, top, width, height };
  }
}
