/** The design panel: frame, caption and filters become a stored design and its preview. */

import { cropList, fitted } from "./crop.js";
import { ask, copyUrl, h } from "./dom.js";
import { Live } from "./live.js";

const WAIT_MS = 250; // after the last change: a stored document per keystroke would be too many
const UM_PER_MM = 1000;

export const SHEETS = [
  { name: "15 × 10 cm", mm: [150, 100] },
  { name: "10 × 15 cm", mm: [100, 150] },
  { name: "A6", mm: [148, 105] },
  { name: "13 × 13 cm", mm: [130, 130] },
  { name: "30 × 20 cm", mm: [300, 200] },
];
const STYLES = ["none", "plain", "double", "mat", "line", "rounded", "polaroid"];
const COLOURED = ["plain", "double", "mat", "rounded", "polaroid"]; // styles that have a band
const FONTS = ["noto-sans", "noto-sans-bold", "noto-serif", "noto-serif-bold"];
const PLACES = ["top", "middle", "bottom", "frame"];
const FILTERS = [
  { name: "grey", low: 0 },
  { name: "sepia", low: 0 },
  { name: "brightness", low: -1000 },
  { name: "contrast", low: -1000 },
  { name: "saturation", low: -1000 },
];

/** @typedef {import("./previews.js").Photo} Photo @typedef {import("./crop.js").Crop} Crop */

/** The part of a crop that has the sheet's shape. @param {Photo} photo @param {Crop} crop @param {number[]} mm */
function cropForSheet(photo, crop, mm) {
  return cropList(fitted(crop, ((mm[0] / mm[1]) * photo.height_px) / photo.width_px));
}

/** Three designs that every photo is shown in. @param {Photo} photo */
export function readyDesigns(photo) {
  const isUpright = photo.height_px > photo.width_px;
  const sheet = isUpright ? [100, 150] : [150, 100];
  const name = photo.name.replace(/\.[a-z]+$/i, "").replaceAll("-", " ");
  /** @param {number[]} mm @param {object} filters @param {object} rest */
  const made = (mm, filters, rest) => ({
    photos: [{ asset: photo.asset, crop: cropForSheet(photo, { x: 0, y: 0, w: 1, h: 1 }, mm), filters }],
    sheet_um: mm.map((side) => side * UM_PER_MM),
    ...rest,
  });
  return [
    { title: "Polaroid", note: "a caption on the foot", document: made([88, 107], {}, { frame: { style: "polaroid" }, caption: { text: name, font: "noto-serif", size_um: 6000, colour: "333333", place: "frame" } }) },
    { title: "Passe-partout", note: "grey, more contrast", document: made(sheet, { grey: 1000, contrast: 150 }, { frame: { style: "mat" } }) },
    { title: "Postcard", note: "sepia, rounded", document: made(sheet, { sepia: 800 }, { frame: { style: "rounded" }, caption: { text: `Greetings\nfrom ${name}`, font: "noto-serif-bold", size_um: 8000, colour: "ffffff", place: "bottom", align: "right" } }) },
  ];
}

/** Store a design document; return its id. @param {Photo} photo @param {object} document */
export async function storeDesign(photo, document) {
  const answer = await ask(`api/designs/${photo.tenant}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(document),
  });
  return /** @type {string} */ (answer.design);
}

export class Designer {
  /** @param {import("./previews.js").Previews} previews @param {Photo} photo */
  constructor(previews, photo) {
    this.previews = previews;
    this.photo = photo;
    /** @type {Crop} */
    this.crop = { x: 0, y: 0, w: 1, h: 1 };
    this.live = new Live(previews, photo);
    this.isShown = false;
    this.number = 0;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.timer = undefined;
    this.form = /** @type {HTMLFormElement} */ (this.makeForm());
    this.status = h("p", { class: "print", role: "status" });
    this.id = h("code", { class: "ops" });
    this.design = "";
    const copy = () => this.design && copyUrl(previews.path(photo, `d_${this.design},w_1280.jpg`));
    this.element = h(
      "div",
      { class: "croptool" },
      h("div", { class: "panel" }, this.form),
      h("div", { class: "panel" }, this.live.element, h("p", { class: "opsline" }, this.id, h("button", { type: "button", class: "quiet", onclick: copy }, "Copy URL")), this.status),
    );
    this.watch = new IntersectionObserver(([seen]) => {
      if (seen?.isIntersecting && !this.isShown) {
        this.isShown = true;
        this.later(0);
      }
    });
    this.watch.observe(this.element);
  }

  makeForm() {
    const isUpright = this.photo.height_px > this.photo.width_px;
    const text = `${this.photo.name.replace(/\.[a-z]+$/i, "").replaceAll("-", " ")}, 2026`;
    return h(
      "form",
      { class: "design", oninput: () => this.later(WAIT_MS), onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
      select("Sheet", "sheet", SHEETS.map((sheet) => sheet.name), isUpright ? SHEETS[1].name : SHEETS[0].name),
      select("Frame", "style", STYLES, "double"),
      field("Width, mm", h("input", { name: "width", type: "number", min: 0, max: 60, step: 1, value: "6" })),
      field("Colour", h("input", { name: "colour", type: "color", value: "#ffffff" })),
      field("Caption", h("textarea", { name: "text", rows: 2, maxlength: 200, value: text }), "wide"),
      select("Letters", "font", FONTS, "noto-serif-bold"),
      select("Place", "place", PLACES, "bottom"),
      field("Size, mm", h("input", { name: "size", type: "number", min: 2, max: 40, step: 1, value: "7" })),
      field("Ink", h("input", { name: "ink", type: "color", value: "#ffffff" })),
      field("Tilt, degrees", h("input", { name: "tilt", type: "range", min: -8, max: 8, step: 0.25, value: "0" })),
      ...FILTERS.map(({ name, low }) => field(capital(name), h("input", { name, type: "range", min: low, max: 1000, step: 20, value: "0" }))),
    );
  }

  /** Follow the crop tool: a design is made of the same part of the photo. @param {Crop} crop */
  follow(crop) {
    this.crop = crop;
    if (this.isShown) this.later(WAIT_MS);
  }

  /** The document of the form. */
  document() {
    const form = new FormData(this.form);
    const value = (/** @type {string} */ name) => String(form.get(name) || "");
    const mm = SHEETS.find((sheet) => sheet.name === value("sheet"))?.mm || SHEETS[0].mm;
    const style = value("style");
    const width = { width_mm: Number(value("width")) };
    const colour = value("colour").slice(1);
    const tilt = Math.round(Number(value("tilt")) * 1000);
    const text = value("text").trim();
    return {
      photos: [
        {
          asset: this.photo.asset,
          crop: cropForSheet(this.photo, tilt ? shrunk(this.crop, this.photo, tilt) : this.crop, mm),
          tilt_mdeg: tilt,
          filters: Object.fromEntries(FILTERS.map(({ name }) => [name, Number(value(name))])),
        },
      ],
      sheet_um: mm.map((side) => side * UM_PER_MM),
      frame: style === "none" ? null : { style, ...width, ...(COLOURED.includes(style) ? { colour } : { line_colour: colour }) },
      caption: text ? { text, font: value("font"), size_mm: Number(value("size")), place: value("place"), colour: value("ink").slice(1) } : null,
    };
  }

  later(/** @type {number} */ waitMs) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.store(), waitMs);
  }

  async store() {
    this.number += 1;
    const { number } = this;
    this.status.classList.remove("refused");
    try {
      const start = performance.now();
      const design = await storeDesign(this.photo, this.document());
      if (number !== this.number) return; // a newer look is on its way
      this.design = design;
      this.id.textContent = `d_${this.design.slice(0, 20)}…`;
      this.id.title = this.design;
      this.status.textContent = `Stored in ${Math.round(performance.now() - start)} ms. The same look always gets the same id.`;
      this.live.want(`d_${this.design},w_960.jpg`);
    } catch (error) {
      if (number !== this.number) return;
      this.status.classList.add("refused");
      this.status.textContent = /** @type {Error} */ (error).message;
    }
  }

  close() {
    clearTimeout(this.timer);
    this.watch.disconnect();
    this.live.close();
  }
}

/**
 * A crop made small enough to be tilted without leaving the photo: its box, turned, must fit.
 * @param {Crop} crop @param {Photo} photo @param {number} tiltMdeg @returns {Crop}
 */
function shrunk(crop, photo, tiltMdeg) {
  const angle = (Math.abs(tiltMdeg) / 1000) * (Math.PI / 180);
  const [w, tall] = [crop.w * photo.width_px, crop.h * photo.height_px];
  const [boxW, boxH] = [w * Math.cos(angle) + tall * Math.sin(angle), w * Math.sin(angle) + tall * Math.cos(angle)];
  const middle = [crop.x + crop.w / 2, crop.y + crop.h / 2];
  const room = [2 * Math.min(middle[0], 1 - middle[0]) * photo.width_px, 2 * Math.min(middle[1], 1 - middle[1]) * photo.height_px];
  const factor = 0.999 * Math.min(1, room[0] / boxW, room[1] / boxH);
  return { x: middle[0] - (crop.w * factor) / 2, y: middle[1] - (crop.h * factor) / 2, w: crop.w * factor, h: crop.h * factor };
}

const capital = (/** @type {string} */ word) => word[0].toUpperCase() + word.slice(1);

/** @param {string} label @param {any} input an input, select or textarea @param {string} [kind] */
function field(label, input, kind = "") {
  input.setAttribute("aria-label", label); // Chromium names no slider by the label around it
  const value = input.type === "range" ? h("output", {}, input.value) : null;
  if (value) input.addEventListener("input", () => { value.textContent = input.value; });
  return h("label", { class: `field ${kind}` }, h("span", { class: "label" }, label, value), input);
}

/** @param {string} label @param {string} name @param {string[]} options @param {string} chosen */
function select(label, name, options, chosen) {
  return field(label, h("select", { name }, ...options.map((option) => h("option", { value: option, selected: option === chosen }, option))));
}
