/** The page: photos along the top, one of them open below, uploads from anywhere on it. */

import { ask, bytesInWords, h, msInWords, say } from "./dom.js";
import { Previews } from "./previews.js";
import { Studio } from "./studio.js";
import { Tiles } from "./tiles.js";
import { listenForDrops, pickButton } from "./upload.js";

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @typedef {import("./previews.js").Photo} Photo */

class Page {
  /** @param {{previews: string, photos: Photo[], presets: any[]}} answer */
  constructor(answer) {
    this.photos = answer.photos;
    this.previews = new Previews(answer.previews);
    this.thumbs = new Tiles(this.previews);
    this.studio = new Studio(this.previews, new Tiles(this.previews), answer.presets);
    this.totals = { pictures: 0, bytes: 0, hits: 0, rendered: 0, /** @type {number[]} */ made: [] };
    this.previews.onCost = (cost) => this.count(cost);
    addEventListener("hashchange", () => this.open());
    listenForDrops(byId("drop"), (photo) => this.add(photo));
    this.drawStrip();
    this.open();
  }

  drawStrip() {
    this.thumbs.clear();
    byId("strip").replaceChildren(...this.photos.map((photo) => this.link(photo)), pickButton((photo) => this.add(photo)));
  }

  link(/** @type {Photo} */ photo) {
    const image = h("img", { alt: "", width: 132, height: 88 });
    const link = h("a", { href: `#${photo.asset}`, "data-asset": photo.asset }, image, h("span", {}, photo.name));
    link.style.setProperty("--dominant", `#${photo.dominant}`);
    void this.previews
      .inTurn(photo, "w_320,h_240,fit_cover.webp", this.thumbs.gone.signal)
      .then(({ blob }) => { /** @type {HTMLImageElement} */ (image).src = this.thumbs.objectUrl(blob); })
      .catch((error) => {
        if (this.thumbs.gone.signal.aborted) return;
        link.classList.add("failed");
        link.title = `${photo.name}: ${error.message}`;
      });
    return link;
  }

  open() {
    const wanted = location.hash.slice(1);
    const photo = this.photos.find((one) => one.asset === wanted) || this.photos[0];
    if (!photo) {
      byId("photo").replaceChildren(h("p", { class: "hollow" }, "There are no photos yet. Drop one anywhere on this page."));
      return;
    }
    for (const link of byId("strip").querySelectorAll("a")) {
      const isOpen = link.dataset.asset === photo.asset;
      if (isOpen) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    document.title = `${photo.name} · edgeproof gallery`;
    this.studio.show(byId("photo"), photo);
  }

  add(/** @type {Photo} */ photo) {
    if (!this.photos.some((one) => one.asset === photo.asset)) this.photos.push(photo);
    this.drawStrip();
    if (location.hash === `#${photo.asset}`) this.open();
    else location.hash = photo.asset;
    say(`${photo.name} is here.`);
  }

  count(/** @type {import("./previews.js").Cost} */ cost) {
    const totals = this.totals;
    totals.pictures += 1;
    totals.bytes += cost.bytes;
    if (cost.level === "render") {
      totals.rendered += 1;
      totals.made.push(cost.serverMs);
    } else if (cost.level !== "miss") totals.hits += 1;
    const middle = [...totals.made].sort((a, b) => a - b)[totals.made.length >> 1];
    const entry = (/** @type {string} */ name, /** @type {string} */ value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
    byId("totals").replaceChildren(
      entry("pictures", String(totals.pictures)),
      entry("bytes", bytesInWords(totals.bytes)),
      entry("hits", String(totals.hits)),
      entry("rendered", String(totals.rendered)),
      entry("median render", middle === undefined ? "–" : msInWords(middle)),
    );
  }
}

/** Light, dark, or what the system says until one is chosen. */
function listenForTheme() {
  const button = byId("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = localStorage.getItem("theme");
  const set = (/** @type {boolean} */ isDark) => {
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
    button.setAttribute("aria-pressed", String(isDark));
  };
  set(chosen ? chosen === "dark" : system.matches);
  button.addEventListener("click", () => {
    const isDark = document.documentElement.dataset.theme !== "dark";
    localStorage.setItem("theme", isDark ? "dark" : "light");
    set(isDark);
  });
}

listenForTheme();
try {
  new Page(await ask("api/photos"));
} catch (error) {
  byId("photo").replaceChildren(h("p", { class: "hollow" }, `The photos cannot be listed. ${/** @type {Error} */ (error).message}`));
}
