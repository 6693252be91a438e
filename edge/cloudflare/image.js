/** The edge lane's wishes in Cloudflare's words. */

/** @import { Resize } from "../js/edge_lane.js" */

/**
 * Spell a Resize as cf.image: trim, flip, rotate and resize in Cloudflare's own order.
 * @param {Resize} resize
 * @returns {RequestInitCfPropertiesImage}
 */
export function imageOf({ trim, flip, rotate, width, height, ext, quality }) {
  return {
    ...(trim && { trim }),
    ...(flip && { flip }),
    ...(rotate !== 0 && { rotate: /** @type {90 | 180 | 270} */ (rotate) }),
    width,
    height,
    fit: "squeeze", // exactly this size: the shape was decided with the origin's arithmetic
    format: ext === "jpg" ? "jpeg" : /** @type {"avif" | "webp" | "png"} */ (ext),
    quality,
    metadata: "none",
    anim: false,
  };
}
