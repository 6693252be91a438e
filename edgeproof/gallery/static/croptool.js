/** The crop tool: a frame over the photo for pointer and keyboard, with the live preview beside it. */

import { cropOp, fitted, moved, resized } from "./crop.js";
import { copyUrl, h } from "./dom.js";
import { Live } from "./live.js";

const WHOLE = { x: 0, y: 0, w: 1, h: 1 };
const STEP = 0.01; // of a side for one arrow key; with Shift five of them
const HANDLES = { nw: "top left", n: "top", ne: "top right", e: "right", se: "bottom right", s: "bottom", sw: "bottom left", w: "left" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const MM_PER_INCH = 25.4;

/** Shapes that are printed, in mm, landscape; without mm the shape is free or the photo's own. */
export const SHAPES = [
  { name: "Free" },
  { name: "Photo", isOwn: true },
  { name: "10 × 15", mm: [150, 100] },
  { name: "A6", mm: [148, 105] },
  { name: "Square", mm: [100, 100] },
];

/** @typedef {import("./crop.js").Crop} Crop */

export class CropTool {
  /** @param {import("./previews.js").Previews} previews @param {import("./previews.js").Photo} photo */
  constructor(previews, photo) {
    this.previews = previews;
    this.photo = photo;
    this.live = new Live(previews, photo);
    /** @type {Crop} */
    this.crop = fitted(WHOLE, 1);
    this.shape = SHAPES[0];
    this.isUpright = photo.height_px > photo.width_px;
    this.turn = 0;
    this.isFlipped = false;
    /** @type {(crop: Crop) => void} */
    this.onChange = () => {};
    this.gone = new AbortController();
    this.image = /** @type {HTMLImageElement} */ (h("img", { alt: `${photo.name}, whole`, draggable: "false" }));
    this.frame = this.makeFrame();
    this.stage = h("div", { class: "stage" }, this.image, this.frame);
    this.stage.style.setProperty("--dominant", `#${photo.dominant}`);
    this.stage.style.setProperty("--aspect", String(photo.width_px / photo.height_px));
    this.stage.addEventListener("pointerdown", (event) => this.grab(event));
    this.print = h("p", { class: "print", role: "status" });
    this.ops = h("code", { class: "ops" });
    this.element = h(
      "div",
      { class: "croptool" },
      h("div", { class: "panel" }, this.makeBar(), this.stage, this.print),
      h("div", { class: "panel" }, this.makeTurns(), this.live.element, h("p", { class: "opsline" }, this.ops, h("button", { type: "button", class: "quiet", onclick: () => copyUrl(previews.path(photo, this.leaf())) }, "Copy URL"))),
    );
    this.pick(SHAPES[2]);
    void this.loadWhole();
  }

  async loadWhole() {
    try {
      const { blob } = await this.previews.inTurn(this.photo, "w_960.webp", this.gone.signal);
      this.image.src = URL.createObjectURL(blob);
    } catch (error) {
      this.stage.dataset.words = /** @type {Error} */ (error).message;
    }
  }

  makeFrame() {
    const frame = h("div", {
      class: "frame",
      tabindex: "0",
      role: "group",
      "aria-label": "Crop: arrow keys move it, Shift makes larger steps, the handles change its size",
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event, ""),
    });
    for (const [handle, words] of Object.entries(HANDLES)) {
      frame.append(
        h("button", { type: "button", class: `handle ${handle}`, "data-handle": handle, "aria-label": `Crop handle ${words}`, onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event, handle) }),
      );
    }
    return frame;
  }

  makeBar() {
    this.shapeButtons = SHAPES.map((shape) => h("button", { type: "button", onclick: () => this.pick(shape) }, shape.name));
    this.uprightButton = h("button", { type: "button", onclick: () => { this.isUpright = !this.isUpright; this.pick(this.shape); } }, "Upright");
    return h("div", { class: "bar", role: "group", "aria-label": "Shape of the crop" }, ...this.shapeButtons, this.uprightButton);
  }

  makeTurns() {
    const turn = (/** @type {number} */ by) => { this.turn = (this.turn + by + 360) % 360; this.changed(); };
    this.flipButton = h("button", { type: "button", "aria-pressed": "false", onclick: () => { this.isFlipped = !this.isFlipped; this.changed(); } }, "Mirror");
    return h(
      "div",
      { class: "bar", role: "group", "aria-label": "Turn and mirror the preview" },
      h("span", { class: "label" }, "Live preview"),
      h("button", { type: "button", onclick: () => turn(-90), "aria-label": "Turn left" }, "↺"),
      h("button", { type: "button", onclick: () => turn(90), "aria-label": "Turn right" }, "↻"),
      this.flipButton,
    );
  }

  /** The crop's w / h in shares of the photo, null when it is free. */
  ratio() {
    const { width_px: width, height_px: height } = this.photo;
    if (this.shape.isOwn) return 1;
    if (!this.shape.mm) return null;
    const [long, short] = this.shape.mm;
    return ((this.isUpright ? short / long : long / short) * height) / width;
  }

  pick(/** @type {typeof SHAPES[0]} */ shape) {
    this.shape = shape;
    const ratio = this.ratio();
    if (ratio) {
      const whole = fitted(WHOLE, ratio);
      const middle = { x: this.crop.x + this.crop.w / 2, y: this.crop.y + this.crop.h / 2 };
      const crop = { ...whole, w: whole.w * 0.86, h: whole.h * 0.86 };
      this.crop = moved({ ...crop, x: middle.x - crop.w / 2, y: middle.y - crop.h / 2 }, 0, 0);
    }
    this.shapeButtons?.forEach((button, i) => button.setAttribute("aria-pressed", String(SHAPES[i] === shape)));
    this.uprightButton?.toggleAttribute("disabled", !shape.mm || shape.mm[0] === shape.mm[1]);
    this.uprightButton?.setAttribute("aria-pressed", String(this.isUpright));
    this.changed();
  }

  /** Start a drag: on a handle, on the frame, or on the photo to draw a new crop. */
  grab(/** @type {PointerEvent} */ event) {
    if (event.button !== 0) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const at = this.place(event);
    const handle = target.dataset.handle || "";
    const isNew = !handle && !this.frame.contains(target);
    const start = isNew ? { ...at, w: 0, h: 0 } : this.crop;
    event.preventDefault();
    (handle ? target.closest("button") || this.frame : this.frame).focus({ preventScroll: true });
    this.stage.setPointerCapture(event.pointerId);
    const move = (/** @type {PointerEvent} */ next) => {
      const to = this.place(next);
      const side = isNew ? (to.y < at.y ? "n" : "s") + (to.x < at.x ? "w" : "e") : handle;
      this.crop = side ? resized(start, side, to.x, to.y, this.ratio()) : moved(start, to.x - at.x, to.y - at.y);
      this.changed();
    };
    const drag = new AbortController();
    const { signal } = drag;
    this.stage.addEventListener("pointermove", move, { signal });
    for (const end of ["pointerup", "pointercancel"]) this.stage.addEventListener(end, () => drag.abort(), { signal });
  }

  place(/** @type {PointerEvent} */ event) {
    const box = this.stage.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  }

  key(/** @type {KeyboardEvent} */ event, /** @type {string} */ handle) {
    const arrow = ARROWS[/** @type {keyof ARROWS} */ (event.key)];
    if (!arrow) return;
    event.preventDefault();
    event.stopPropagation();
    const step = STEP * (event.shiftKey ? 5 : 1);
    const [dx, dy] = [arrow[0] * step, arrow[1] * step];
    if (!handle) this.crop = moved(this.crop, dx, dy);
    else {
      const { x, y, w, h: tall } = this.crop;
      const px = handle.includes("w") ? x + dx : x + w + dx;
      const py = handle.includes("n") ? y + dy : y + tall + dy;
      this.crop = resized(this.crop, handle, px, py, this.ratio());
    }
    this.changed();
  }

  leaf(size = "w_640") {
    const ops = [cropOp(this.crop), this.turn ? `r_${this.turn}` : null, this.isFlipped ? "fl_h" : null, size];
    return `${ops.filter(Boolean).join(",")}.jpg`;
  }

  changed() {
    const { x, y, w, h: tall } = this.crop;
    Object.assign(this.frame.style, { left: `${x * 100}%`, top: `${y * 100}%`, width: `${w * 100}%`, height: `${tall * 100}%` });
    this.flipButton?.setAttribute("aria-pressed", String(this.isFlipped));
    this.ops.textContent = this.leaf();
    this.print.replaceChildren(...this.printWords());
    this.live.want(this.leaf());
    this.onChange(this.crop);
  }

  /** How the crop would print: px, and dots per inch on the chosen sheet. */
  printWords() {
    const width = Math.round(this.crop.w * this.photo.width_px);
    const height = Math.round(this.crop.h * this.photo.height_px);
    const px = `${width} × ${height} px of the photo`;
    if (!this.shape.mm) return [px];
    const long = this.shape.mm[0];
    const dpi = Math.round(Math.max(width, height) / (long / MM_PER_INCH));
    const verdict = dpi >= 300 ? "sharp" : dpi >= 200 ? "good" : dpi >= 130 ? "soft" : "too small";
    return [`${px}. On ${long / 10} × ${this.shape.mm[1] / 10} cm: ${dpi} dpi, `, h("strong", { class: `verdict ${verdict.replace(" ", "-")}` }, verdict)];
  }

  close() {
    this.gone.abort();
    this.live.close();
    if (this.image.src) URL.revokeObjectURL(this.image.src);
  }
}
