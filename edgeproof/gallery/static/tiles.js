/** A tile: one picture, what was asked for, and what it cost. Loads when it comes into view. */

import { bytesInWords, copyUrl, h, msInWords } from "./dom.js";

/** What the origin, or an edge before it, says about where a picture was, in words. */
export const LEVELS = { memory: "memory hit", disk: "disk hit", joined: "joined a render", render: "rendered", edge: "edge hit", miss: "edge miss" };

/**
 * @typedef {import("./previews.js").Photo} Photo
 * @typedef {import("./previews.js").Previews} Previews
 * @typedef {import("./previews.js").Cost} Cost
 * @typedef {{photo: Photo, leaf: string, title: string, note?: string}} Wanted
 */

export class Tiles {
  /** @param {Previews} previews */
  constructor(previews) {
    this.previews = previews;
    this.gone = new AbortController();
    /** @type {WeakMap<Element, () => void>} */
    this.loaders = new WeakMap();
    /** @type {string[]} */
    this.objectUrls = [];
    this.watch = new IntersectionObserver((seen) => this.show(seen), { rootMargin: "300px" });
  }

  /** Forget the pictures of the photo that was shown before. */
  clear() {
    this.gone.abort();
    this.gone = new AbortController();
    this.watch.disconnect();
    this.objectUrls.splice(0).forEach((url) => URL.revokeObjectURL(url));
  }

  /** A URL for a picture's bytes, good until these tiles are cleared. @param {Blob} blob */
  objectUrl(blob) {
    const url = URL.createObjectURL(blob);
    this.objectUrls.push(url);
    return url;
  }

  show(/** @type {IntersectionObserverEntry[]} */ seen) {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      this.watch.unobserve(target);
      this.loaders.get(target)?.();
    }
  }

  /**
   * @param {Wanted} wanted @param {(cost: Cost) => void} [onCost]
   * @returns {HTMLElement}
   */
  tile(wanted, onCost = () => {}) {
    const { photo, leaf, title, note } = wanted;
    const image = h("img", { alt: `${photo.name}, ${title}`, decoding: "async" });
    const area = h("div", { class: "area loading" }, image);
    area.style.setProperty("--dominant", `#${photo.dominant}`);
    const facts = h("div", { class: "facts", "aria-live": "off" });
    const path = this.previews.path(photo, leaf);
    const load = () => this.load(wanted, { image, area, facts }, onCost);
    const figure = h(
      "figure",
      { class: "tile" },
      area,
      h(
        "figcaption",
        {},
        h("span", { class: "title" }, title),
        note ? h("span", { class: "note" }, note) : null,
        h("code", { class: "ops", title: path }, leaf),
        facts,
        h(
          "span",
          { class: "actions" },
          h("button", { type: "button", class: "quiet", onclick: () => copyUrl(path), "aria-label": `Copy the URL of ${title}` }, "Copy URL"),
          h("button", { type: "button", class: "quiet", onclick: load, "aria-label": `Ask for ${title} again` }, "Ask again"),
        ),
      ),
    );
    this.loaders.set(figure, load);
    this.watch.observe(figure);
    return figure;
  }

  /**
   * @param {Wanted} wanted
   * @param {{image: HTMLElement, area: HTMLElement, facts: HTMLElement}} parts
   * @param {(cost: Cost) => void} onCost
   */
  async load({ photo, leaf }, { image, area, facts }, onCost) {
    area.classList.add("loading");
    try {
      const { blob, cost } = await this.previews.inTurn(photo, leaf, this.gone.signal);
      const img = /** @type {HTMLImageElement} */ (image);
      img.src = this.objectUrl(blob);
      await img.decode().catch(() => {});
      area.classList.remove("failed");
      facts.replaceChildren(...factsOf(cost, `${img.naturalWidth} × ${img.naturalHeight}`));
      onCost(cost);
    } catch (error) {
      if (this.gone.signal.aborted) return;
      area.classList.add("failed");
      facts.replaceChildren(h("span", { class: "refused" }, /** @type {Error} */ (error).message));
    } finally {
      area.classList.remove("loading");
    }
  }
}

/** Badge, bytes, px, time, key: what a tile and the live preview say. @param {Cost} cost @param {string} px */
export function factsOf(cost, px) {
  const steps = cost.steps.map((step) => `${step.name} ${msInWords(step.ms)}`).join(" · ");
  const time = cost.level === "render" ? msInWords(cost.serverMs) : msInWords(cost.tripMs);
  const timeWords = cost.level === "render" ? `Made in ${time}: ${steps}` : `There and back in ${time}`;
  return [
    h("span", { class: `badge ${cost.level || "unknown"}` }, LEVELS[/** @type {keyof LEVELS} */ (cost.level)] || cost.level || "?"),
    h("span", { class: "number", title: timeWords }, `in ${time}`),
    h("span", { class: "number" }, bytesInWords(cost.bytes)),
    h("span", { class: "number dim" }, `${px} ${cost.type}`),
    cost.key ? h("code", { class: "key", title: `Derivative key ${cost.key}\nETag ${cost.etag}` }, `key ${cost.key.slice(0, 12)}…`) : h("span"),
  ];
}
