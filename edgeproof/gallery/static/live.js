/**
 * The live preview beside the crop tool: always on its way to the newest crop, never behind it.
 *
 * A request starts at most every PACE_MS. Two may be under way; when a newer answer arrives, older
 * requests are cancelled, and an answer that is older than what is shown is dropped. So pictures
 * keep coming while one drags, which a plain "cancel on every move" would not allow.
 */

import { h, msInWords } from "./dom.js";
import { PreviewRefused } from "./previews.js";
import { factsOf } from "./tiles.js";

const PACE_MS = 60;
const UNDER_WAY = 2;
const BARS = 48; // previews in the little chart

/** @typedef {import("./previews.js").Photo} Photo */

export class Live {
  /** @param {import("./previews.js").Previews} previews @param {Photo} photo */
  constructor(previews, photo) {
    this.previews = previews;
    this.photo = photo;
    this.number = 0;
    this.shown = 0;
    this.cancelled = 0;
    this.lastStart = -Infinity;
    /** @type {string|null} */
    this.next = null;
    this.leaf = "";
    /** @type {Map<number, AbortController>} */
    this.running = new Map();
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.timer = undefined;
    this.image = /** @type {HTMLImageElement} */ (h("img", { alt: "Preview of the crop" }));
    this.area = h("div", { class: "area loading" }, this.image);
    this.area.style.setProperty("--dominant", `#${photo.dominant}`);
    this.facts = h("div", { class: "facts", "data-live": true });
    this.count = h("span", { class: "number dim" });
    this.chart = h("div", { class: "chart", role: "img", "aria-label": "Time of the latest previews" });
    this.element = h("div", { class: "livebox" }, this.area, this.facts, h("div", { class: "pace" }, this.chart, this.count));
  }

  /** Ask for a picture; of those asked for in between only the newest is made. @param {string} leaf */
  want(leaf) {
    if (leaf === this.leaf) return;
    this.leaf = leaf;
    this.next = leaf;
    this.pump();
  }

  pump() {
    clearTimeout(this.timer);
    if (this.next === null || this.running.size >= UNDER_WAY) return;
    const waitMs = this.lastStart + PACE_MS - performance.now();
    if (waitMs > 0) {
      this.timer = setTimeout(() => this.pump(), waitMs);
      return;
    }
    const leaf = this.next;
    this.next = null;
    this.lastStart = performance.now();
    this.number += 1;
    void this.run(this.number, leaf);
  }

  async run(/** @type {number} */ number, /** @type {string} */ leaf) {
    const abort = new AbortController();
    this.running.set(number, abort);
    try {
      const { blob, cost } = await this.previews.fetch(this.photo, leaf, abort.signal);
      if (number > this.shown) await this.show(number, blob, cost);
    } catch (error) {
      if (abort.signal.aborted) this.cancelled += 1;
      else this.refused(/** @type {Error} */ (error), leaf);
    } finally {
      this.running.delete(number);
      this.count.textContent = `${this.number} asked · ${this.cancelled} outdated`;
      this.pump();
    }
  }

  /** @param {number} number @param {Blob} blob @param {import("./previews.js").Cost} cost */
  async show(number, blob, cost) {
    this.shown = number;
    for (const [older, abort] of this.running) if (older < number) abort.abort();
    const before = this.image.src;
    this.image.src = URL.createObjectURL(blob);
    await this.image.decode().catch(() => {});
    if (before) URL.revokeObjectURL(before);
    this.area.classList.remove("loading", "failed");
    this.facts.replaceChildren(...factsOf(cost, `${this.image.naturalWidth} × ${this.image.naturalHeight}`));
    this.element.dataset.shown = String(number);
    this.draw(cost);
  }

  draw(/** @type {import("./previews.js").Cost} */ cost) {
    const bar = h("i", { class: cost.level, title: `${msInWords(cost.tripMs)} there and back` });
    bar.style.height = `${Math.min(100, 6 + cost.tripMs / 4)}%`;
    this.chart.append(bar);
    if (this.chart.children.length > BARS) this.chart.firstElementChild?.remove();
  }

  refused(/** @type {Error} */ error, /** @type {string} */ leaf) {
    this.area.classList.remove("loading");
    this.facts.replaceChildren(h("span", { class: "refused" }, error.message));
    if (!(error instanceof PreviewRefused) || error.waitS <= 0) return;
    // Refused for now (too many new pictures): the newest crop is asked for when there is room.
    this.lastStart = performance.now() + error.waitS * 1000;
    this.next ??= leaf;
  }

  close() {
    clearTimeout(this.timer);
    this.next = null;
    for (const abort of this.running.values()) abort.abort();
    if (this.image.src) URL.revokeObjectURL(this.image.src);
  }
}
