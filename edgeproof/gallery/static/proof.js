/** The proof page: one photo on one product, its lines and checks, before and after, and the order. */

import { ask, complain, fetched, h, problemInWords } from "./dom.js";

const LOOK_MS = 400; // between two looks at an order
const TENANT = "demo";
const STEPS = { waiting: "Waiting for its turn", source: "Fetching your photo", render: "Making the print file", archive: "Putting it away", ready: "Ready" };
/** What a customer can do about a refusal. @type {Record<string, string>} */
const ADVICE = {
  "print.pixels": "Choose a smaller print, or a larger part of the photo.",
  "print.aspect": "Choose a print of this shape, or crop the photo anew.",
  "design.caption_fit": "Shorten the words, or make them smaller.",
  "design.caption_glyph": "Write the words without these characters.",
  "profile.refused": "Save the photo as sRGB, and upload it again.",
};

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const asked = new URLSearchParams(location.search);
/** @type {string[]} */
const shown = [];
/** @type {{design: string | null, number: number}} */
const now = { design: asked.get("design"), number: 0 };

/** Post to the gallery's own listener; an error has the problem's code. @param {string} path @param {object} body */
async function post(path, body) {
  const answer = await fetched(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const document = await answer.json().catch(() => ({}));
  if (answer.ok) return document;
  const words = document.detail || problemInWords(answer.status, document);
  throw Object.assign(new Error(words), { code: document.code });
}

/** @param {string} text @param {string} type */
function picture(text, type) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  shown.push(url);
  return url;
}

const product = () => /** @type {HTMLSelectElement} */ (byId("product")).value;

/** What is to be printed. */
const wanted = () => ({ asset: asked.get("asset"), product: product(), design: asked.get("design") });

/** Ask for the proof of the chosen product and draw it; a later choice wins. */
async function prove() {
  const number = ++now.number;
  byId("order").toggleAttribute("disabled", true);
  byId("page").hidden = true;
  byId("waiting").hidden = false;
  byId("waiting").textContent = "Making your proof …";
  byId("state").textContent = "";
  byId("progress").hidden = true;
  try {
    const proof = await post(`api/proofs/${TENANT}`, wanted());
    if (number === now.number) draw(proof);
  } catch (error) {
    if (number !== now.number) return;
    refuse(/** @type {Error & {code?: string}} */ (error));
  }
}

/** Say why there is no proof, and what to do. @param {Error & {code?: string}} error */
function refuse(error) {
  byId("waiting").textContent = error.message;
  byId("verdict").textContent = "This photo cannot be printed so.";
  const advice = ADVICE[error.code ?? ""];
  byId("facts").replaceChildren();
  byId("checks").replaceChildren(...(advice ? [h("li", { class: "note" }, advice)] : []));
  byId("more").hidden = true;
  byId("legend").hidden = true;
}

/** @param {any} proof */
function draw(proof) {
  shown.splice(0).forEach((url) => URL.revokeObjectURL(url));
  now.design = proof.design;
  const page = byId("page");
  page.style.setProperty("--ratio", String(proof.width / proof.height));
  const source = (/** @type {string} */ id, /** @type {string} */ text, type = "image/jpeg") => {
    /** @type {HTMLImageElement} */ (byId(id)).src = picture(text, type);
  };
  source("before", proof.before);
  source("after", proof.after);
  if (proof.alarm) source("alarm", proof.alarm, "image/png");
  lines(proof);
  alarm(proof);
  facts(proof);
  verdict(proof.checks);
  byId("waiting").hidden = true;
  byId("legend").hidden = false;
  page.hidden = false;
  page.dataset.product = proof.product;
}

/** Lay the lines: insets are shares of the page. @param {any} proof */
function lines(proof) {
  const place = (/** @type {string} */ id, /** @type {number[]} */ [across, down]) => {
    byId(id).style.inset = `${down * 100}% ${across * 100}%`;
  };
  place("trim", proof.trim);
  place("safe", proof.safe);
  const [across, down] = proof.trim.map((/** @type {number} */ share) => share * 100);
  // The bleed is the page without the trim.
  byId("bleed").style.background = "repeating-linear-gradient(45deg, rgb(255 255 255 / 62%) 0 6px, rgb(255 255 255 / 40%) 6px 12px)";
  byId("bleed").style.clipPath = `polygon(evenodd, 0 0, 100% 0, 100% 100%, 0 100%, 0 0, ${across}% ${down}%, ${100 - across}% ${down}%, ${100 - across}% ${100 - down}%, ${across}% ${100 - down}%, ${across}% ${down}%)`;
}

/** @param {any} proof */
function alarm(proof) {
  const share = proof.alarm_share * 100;
  byId("alarmwords").textContent = proof.alarm
    ? `${share < 0.1 ? "under 0.1" : share.toFixed(1)} % of the colours cannot be printed as they are`
    : "every colour can be printed";
  const box = /** @type {HTMLInputElement} */ (byId("showalarm"));
  box.disabled = !proof.alarm;
  byId("alarm").hidden = !proof.alarm || !box.checked;
}

/** @param {any} proof */
function facts(proof) {
  const rows = [
    ["after cutting", proof.size],
    ["resolution", proof.dpi >= proof.dpi_wanted ? `${proof.dpi} px per inch: plenty` : `${proof.dpi} px per inch; best from ${proof.dpi_wanted}`],
    ["bleed", `${proof.bleed_mm} mm around`],
    ["safe area", `${proof.safe_mm} mm inside the cut`],
    ["colour", proof.is_press ? `printing inks (${proof.colour})` : proof.colour],
  ];
  byId("facts").replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** @param {{severity: string, words: string, code: string}[]} checks */
function verdict(checks) {
  const item = (/** @type {any} */ check) => h("li", { class: check.severity, "data-code": check.code }, check.words);
  const findings = checks.filter((check) => check.severity !== "ok");
  const good = checks.filter((check) => check.severity === "ok");
  const isBlocked = findings.some((check) => check.severity === "block");
  const isDoubtful = findings.some((check) => check.severity === "warn");
  byId("verdict").textContent = isBlocked ? "This would not print well." : isDoubtful ? "Please look at this first." : "This will print well.";
  byId("checks").replaceChildren(...findings.map(item));
  byId("good").replaceChildren(...good.map(item));
  byId("morewords").textContent = `${good.length} checks are fine`;
  byId("more").hidden = good.length === 0;
  byId("order").toggleAttribute("disabled", isBlocked);
}

/** Order what is shown and follow it until it is there. */
async function order() {
  byId("order").toggleAttribute("disabled", true);
  const number = now.number;
  try {
    let print = await post(`api/prints/${TENANT}`, { ...wanted(), design: now.design });
    while (number === now.number && !follow(print)) {
      await new Promise((done) => setTimeout(done, LOOK_MS));
      print = await ask(`api/prints/${TENANT}/${print.print}`);
    }
  } catch (error) {
    complain(/** @type {Error} */ (error).message);
    byId("order").toggleAttribute("disabled", false);
  }
}

/** Show where an order is; true when it has ended. @param {any} print */
function follow(print) {
  byId("progress").hidden = false;
  byId("bar").style.inlineSize = `${print.progress_percent}%`;
  byId("state").dataset.state = print.state;
  const steps = /** @type {Record<string, string>} */ (STEPS);
  if (print.state === "done") {
    const { url, bytes, width, height } = print.file;
    const words = url ? h("a", { href: url, download: true }, "Download the print file") : h("span", {}, "The print file is ready");
    byId("state").replaceChildren(words, `  ${(bytes / 1e6).toFixed(1)} MB, ${width} × ${height} px`);
    return true;
  }
  if (print.state === "refused" || print.state === "paused") {
    byId("state").textContent = print.detail || print.code;
    return true;
  }
  byId("state").textContent = `${steps[print.step] || print.step} …`;
  return false;
}

/** The slider's place decides where the print begins. */
function slide() {
  const slider = /** @type {HTMLInputElement} */ (byId("slider"));
  byId("page").style.setProperty("--cut", `${slider.value}%`);
}

byId("slider").addEventListener("input", slide);
byId("lines").addEventListener("change", (event) => {
  byId("page").classList.toggle("plain", !(/** @type {HTMLInputElement} */ (event.target).checked));
});
byId("showalarm").addEventListener("change", (event) => {
  byId("alarm").hidden = !(/** @type {HTMLInputElement} */ (event.target).checked);
});
byId("order").addEventListener("click", () => void order());
/** @type {HTMLAnchorElement} */ (byId("back")).href = `./#${asked.get("asset") ?? ""}`;
if (localStorage.getItem("theme") === "dark" || (!localStorage.getItem("theme") && matchMedia("(prefers-color-scheme: dark)").matches)) {
  document.documentElement.dataset.theme = "dark";
}
try {
  const { products } = await ask("api/products");
  const chosen = asked.get("product") ?? "photo-10x15~1";
  byId("product").replaceChildren(
    ...products.map((/** @type {any} */ one) => h("option", { value: one.product, selected: one.product === chosen }, one.title)),
  );
  byId("product").addEventListener("change", () => void prove());
  await prove();
} catch (error) {
  byId("waiting").textContent = /** @type {Error} */ (error).message;
}
