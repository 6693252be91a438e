/** The geometry of the crop tool, in shares of the upright photo (0..1). No page in here. */

/** @typedef {{x: number, y: number, w: number, h: number}} Crop */

export const UNIT = 100000; // URLs count in 1/100000
const LEAST = 0.02; // of a side: smaller crops cannot be grabbed

/** The `c_` op, inside the photo after rounding; null for the whole photo. @param {Crop} crop */
export function cropOp(crop) {
  const x = Math.min(UNIT - 1, Math.max(0, Math.round(crop.x * UNIT)));
  const y = Math.min(UNIT - 1, Math.max(0, Math.round(crop.y * UNIT)));
  const w = Math.max(1, Math.min(UNIT - x, Math.round(crop.w * UNIT)));
  const h = Math.max(1, Math.min(UNIT - y, Math.round(crop.h * UNIT)));
  return w === UNIT && h === UNIT ? null : `c_${x}_${y}_${w}_${h}`;
}

/** The crop as a design writes it. @param {Crop} crop */
export function cropList(crop) {
  const op = cropOp(crop);
  return op ? op.slice(2).split("_").map(Number) : [0, 0, UNIT, UNIT];
}

/** @param {Crop} crop @param {number} dx @param {number} dy @returns {Crop} */
export function moved(crop, dx, dy) {
  const x = Math.min(1 - crop.w, Math.max(0, crop.x + dx));
  const y = Math.min(1 - crop.h, Math.max(0, crop.y + dy));
  return { ...crop, x, y };
}

/**
 * The largest crop of a shape inside a frame, about the frame's centre.
 * @param {Crop} frame @param {number} shape w / h in shares @returns {Crop}
 */
export function fitted(frame, shape) {
  const w = Math.min(frame.w, frame.h * shape);
  const h = w / shape;
  return { x: frame.x + (frame.w - w) / 2, y: frame.y + (frame.h - h) / 2, w, h };
}

/**
 * Drag a handle ("n", "se", …) to a point; the other side stays. With a shape the crop keeps it.
 * @param {Crop} crop @param {string} handle @param {number} px @param {number} py
 * @param {number|null} shape w / h in shares @returns {Crop}
 */
export function resized(crop, handle, px, py, shape) {
  const across = axis(handle, "w", "e", crop.x, crop.w, px);
  const down = axis(handle, "n", "s", crop.y, crop.h, py);
  if (!shape) return { x: across.start(across.long), y: down.start(down.long), w: across.long, h: down.long };
  const wanted = across.isFree ? down.long * shape : down.isFree ? across.long : Math.max(across.long, down.long * shape);
  const w = Math.max(Math.min(wanted, across.room, down.room * shape), Math.min(LEAST, across.room, down.room * shape));
  const h = w / shape;
  return { x: across.start(w), y: down.start(h), w, h };
}

/**
 * One axis of a drag: how long it gets, how long it could, and where it then starts. An axis that
 * the handle does not move grows about its middle.
 * @param {string} handle @param {string} low @param {string} high
 * @param {number} from @param {number} long @param {number} point
 */
function axis(handle, low, high, from, long, point) {
  const to = from + long;
  const at = Math.min(1, Math.max(0, point));
  if (handle.includes(high)) {
    return { isFree: false, long: Math.max(LEAST, at - from), room: 1 - from, start: () => from };
  }
  if (handle.includes(low)) {
    return { isFree: false, long: Math.max(LEAST, to - at), room: to, start: (/** @type {number} */ n) => to - n };
  }
  const middle = from + long / 2;
  const room = 2 * Math.min(middle, 1 - middle);
  return { isFree: true, long, room, start: (/** @type {number} */ n) => middle - n / 2 };
}
