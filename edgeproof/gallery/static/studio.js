/** One photo's page: facts and warnings, crop tool, and every form it is delivered in. */

import { CropTool } from "./croptool.js";
import { Designer, readyDesigns, storeDesign } from "./designer.js";
import { bytesInWords, h } from "./dom.js";

const SIZES = [96, 160, 320, 640, 1280, 2560];
const FORMATS = ["jpg", "webp", "avif", "png"];

/**
 * @typedef {import("./previews.js").Photo} Photo
 * @typedef {{tenant: string, op: string, words: string}} PresetCard
 * @typedef {import("./tiles.js").Tiles} Tiles
 */

export class Studio {
  /** @param {import("./previews.js").Previews} previews @param {Tiles} tiles @param {PresetCard[]} presets */
  constructor(previews, tiles, presets) {
    this.previews = previews;
    this.tiles = tiles;
    this.presets = presets;
    /** @type {{close(): void}[]} */
    this.open = [];
  }

  /** Draw the page of one photo in place of the one before. @param {HTMLElement} into @param {Photo} photo */
  show(into, photo) {
    this.open.splice(0).forEach((part) => part.close());
    this.tiles.clear();
    const cropTool = new CropTool(this.previews, photo);
    const designer = new Designer(this.previews, photo);
    cropTool.onChange = (crop) => designer.follow(crop);
    designer.follow(cropTool.crop);
    this.open.push(cropTool, designer);
    into.replaceChildren(
      heading(photo),
      section("crop", "Crop", "Drag the frame, a handle, or draw a new one. Each move asks for a new signed preview.", cropTool.element),
      section("sizes", "Sizes", "The short ladder of widths that every request snaps to.", this.row("sizes", sizes(photo))),
      section("formats", "Formats", "The same picture at the same visual quality.", this.formats(photo)),
      section("crops", "Crops", "A part of the photo, or a box filled around a point.", this.row("", crops(photo))),
      section("fits", "Fits", "Four ways into one box of 480 × 320.", this.row("", fits(photo))),
      section("turns", "Turns and flips", "After the crop, before the fit.", this.row("", turns(photo))),
      this.presetSection(photo),
      section("ready", "Designs", "Frame, caption and filters live in a stored document, never in a URL.", this.designs(photo)),
      section("design", "Make a design", "It uses the crop from above.", designer.element),
    );
  }

  /** @param {string} kind @param {import("./tiles.js").Wanted[]} wanted */
  row(kind, wanted) {
    return h("div", { class: `tiles ${kind}` }, ...wanted.map((one) => this.tiles.tile(one)));
  }

  /** Four formats with their bytes against the JPEG's. @param {Photo} photo */
  formats(photo) {
    /** @type {Map<string, {bytes: number, bar: HTMLElement, words: HTMLElement}>} */
    const known = new Map();
    const compare = () => {
      const most = Math.max(...[...known.values()].map((one) => one.bytes));
      const jpeg = known.get("jpg")?.bytes;
      for (const [format, { bytes, bar, words }] of known) {
        bar.style.width = `${(100 * bytes) / most}%`;
        const share = jpeg ? Math.round((100 * bytes) / jpeg) : 0;
        words.textContent = !jpeg || format === "jpg" ? "the measure" : share > 250 ? `${(share / 100).toFixed(1)} × the JPEG` : `${share} % of the JPEG`;
      }
    };
    const tiles = FORMATS.map((format) => {
      const bar = h("i");
      const words = h("span", { class: "number dim" }, "…");
      const wanted = { photo, leaf: `w_640.${format}`, title: format.toUpperCase() };
      const tile = this.tiles.tile(wanted, (cost) => {
        known.set(format, { bytes: cost.bytes, bar, words });
        compare();
      });
      tile.append(h("div", { class: "share" }, h("div", { class: "track" }, bar), words));
      return tile;
    });
    return h("div", { class: "tiles" }, ...tiles);
  }

  /** @param {Photo} photo */
  presetSection(photo) {
    const own = this.presets.filter((preset) => preset.tenant === photo.tenant);
    if (own.length === 0) return h("span", { hidden: true });
    const wanted = own.map((preset) => ({ photo, leaf: `${preset.op}.webp`, title: preset.op.slice(2), note: preset.words }));
    return section("presets", "Presets", "Named, versioned lists of ops: an edited preset is a new version.", this.row("", wanted));
  }

  /** Store the ready designs, then show them. @param {Photo} photo */
  designs(photo) {
    const row = h("div", { class: "tiles" });
    const watch = new IntersectionObserver(async ([seen]) => {
      if (!seen?.isIntersecting) return;
      watch.disconnect();
      for (const { title, note, document } of readyDesigns(photo)) {
        try {
          const design = await storeDesign(photo, document);
          row.append(this.tiles.tile({ photo, leaf: `d_${design},w_640.webp`, title, note }));
        } catch (error) {
          row.append(h("p", { class: "refused" }, `${title}: ${/** @type {Error} */ (error).message}`));
        }
      }
    }, { rootMargin: "300px" });
    watch.observe(row);
    return row;
  }
}

/** @param {string} id @param {string} title @param {string} words @param {HTMLElement} content */
function section(id, title, words, content) {
  return h("section", { id, "aria-labelledby": `${id}-title` }, h("div", { class: "intro" }, h("h2", { id: `${id}-title` }, title), h("p", {}, words)), content);
}

/** @param {Photo} photo */
function heading(photo) {
  const megapixels = (photo.width_px * photo.height_px) / 1e6;
  const facts = [
    `${photo.width_px} × ${photo.height_px} px`,
    `${megapixels.toFixed(1)} MP`,
    bytesInWords(photo.size_bytes),
    photo.format.toUpperCase(),
    photo.profile || "no profile",
  ];
  return h(
    "div",
    { class: "heading" },
    h("h1", {}, photo.name),
    h("p", { class: "photofacts" }, ...facts.map((fact) => h("span", {}, fact))),
    photo.warnings.length ? h("ul", { class: "warnings", "aria-label": "Warnings" }, ...photo.warnings.map((words) => h("li", {}, words))) : null,
    h("p", { class: "assetid" }, "asset ", h("code", {}, photo.asset)),
    h("p", {}, h("a", { class: "print", href: `proof.html?asset=${photo.asset}` }, "Order a print")),
  );
}

/** @param {Photo} photo */
const sizes = (photo) => SIZES.map((width) => ({ photo, leaf: `w_${width}.webp`, title: `${width} px` }));

/** @param {Photo} photo */
const crops = (photo) => [
  { photo, leaf: "c_25000_25000_50000_50000,w_480.webp", title: "Middle half", note: "c_ in 1/100000" },
  { photo, leaf: "c_0_0_33333_33333,w_480.webp", title: "Top left third" },
  { photo, leaf: "w_480,h_480,fit_cover,g_smart.webp", title: "Square, smart", note: "where the detail is" },
  { photo, leaf: "w_480,h_240,fit_cover,g_n.webp", title: "Banner, top", note: "g_n" },
  { photo, leaf: "w_320,h_480,fit_cover,g_70000_50000.webp", title: "Upright, a point", note: "70 % across" },
];

/** @param {Photo} photo */
const fits = (photo) => [
  { photo, leaf: "w_480,h_320.webp", title: "inside", note: "all of it, nothing cut" },
  { photo, leaf: "w_480,h_320,fit_cover.webp", title: "cover", note: "fills the box" },
  { photo, leaf: "w_480,h_320,fit_contain,bg_f2b84b.webp", title: "contain", note: "padded with bg_f2b84b" },
  { photo, leaf: "w_480,h_320,fit_fill.webp", title: "fill", note: "stretched" },
];

/** @param {Photo} photo */
const turns = (photo) => [
  { photo, leaf: "r_90,w_320.webp", title: "90° clockwise" },
  { photo, leaf: "r_180,w_320.webp", title: "180°" },
  { photo, leaf: "r_270,w_320.webp", title: "270°" },
  { photo, leaf: "fl_h,w_320.webp", title: "mirrored" },
  { photo, leaf: "r_90,fl_h,w_320.webp", title: "90° and mirrored" },
];
