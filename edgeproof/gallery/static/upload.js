/** Taking a photo in: by drop anywhere on the page, or by a file dialog. */

import { complain, h, problemInWords, say } from "./dom.js";

/** @typedef {import("./previews.js").Photo} Photo @typedef {(photo: Photo) => void} Taken */

/** Show the drop zone while a file is dragged over the page. @param {HTMLElement} zone @param {Taken} taken */
export function listenForDrops(zone, taken) {
  let depth = 0;
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  const over = (/** @type {number} */ change) => { depth += change; zone.hidden = depth <= 0; };
  addEventListener("dragenter", (event) => { if (hasFiles(event)) over(1); });
  addEventListener("dragleave", (event) => { if (hasFiles(event)) over(-1); });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    over(0);
    void takeAll([...(event.dataTransfer?.files || [])], taken);
  });
}

/** @param {Taken} taken */
export function pickButton(taken) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "file", multiple: true, accept: "image/*,.heic,.heif,.avif", class: "unseen", "aria-label": "Add photos" })
  );
  input.addEventListener("change", () => void takeAll([...(input.files || [])], taken).then(() => { input.value = ""; }));
  return h("label", { class: "add" }, input, h("span", { class: "plus", "aria-hidden": "true" }, "+"), h("span", {}, "Add a photo"));
}

/** One after the other: each is decoded and checked on the host. @param {File[]} files @param {Taken} taken */
async function takeAll(files, taken) {
  for (const file of files) {
    try {
      taken(await send(file));
    } catch (error) {
      complain(`${file.name}: ${/** @type {Error} */ (error).message}`);
    }
  }
}

/** Send one file, saying how far it is. @param {File} file @returns {Promise<Photo>} */
function send(file) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest(); // fetch() cannot say how much of an upload is sent
    request.open("POST", "api/photos");
    request.responseType = "json";
    request.setRequestHeader("content-type", file.type.startsWith("image/") ? file.type : "image/unknown");
    request.setRequestHeader("edgeproof-name", encodeURIComponent(file.name));
    request.upload.onprogress = ({ loaded, total }) => say(loaded < total ? `${file.name}: ${Math.round((100 * loaded) / total)} % sent` : `${file.name}: being checked …`);
    request.onerror = () => failed(new Error("The connection broke."));
    request.onload = () => {
      if (request.status < 300) done(request.response);
      else failed(new Error(problemInWords(request.status, request.response || {})));
    };
    request.send(file);
  });
}
