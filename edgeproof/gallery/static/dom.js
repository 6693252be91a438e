/** Elements, words and numbers: the small pieces that every part of the page is built from. */

/**
 * Make an element. Names that start with "on" are listeners; true sets an empty attribute; null and
 * false leave it out.
 * @param {string} name
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string|null)} children
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === false || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value") element.value = value;
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** @param {number} bytes */
export function bytesInWords(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(bytes < 1e4 ? 1 : 0)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 1)} MB`;
}

/** @param {number} ms */
export const msInWords = (ms) => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

/** Say something once, at the bottom of the page; screen readers hear it too. */
export function say(/** @type {string} */ words) {
  const toast = /** @type {HTMLElement} */ (document.getElementById("toast"));
  toast.textContent = words;
  toast.classList.add("shown");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => toast.classList.remove("shown"), 3200);
}
/** @type {ReturnType<typeof setTimeout> | undefined} */
say.timer = undefined;

/** Say what went wrong; it stays until it is closed. */
export function complain(/** @type {string} */ words) {
  document.getElementById("toast")?.classList.remove("shown");
  const complaint = h(
    "p",
    { class: "complaint" },
    h("span", {}, words),
    h("button", { type: "button", class: "quiet", "aria-label": "Close this message", onclick: () => complaint.remove() }, "Close"),
  );
  document.getElementById("complaints")?.append(complaint);
}

/** Ask the gallery's own listener; a problem document becomes an Error with its words. */
export async function ask(/** @type {string} */ path, /** @type {RequestInit} */ options = {}) {
  const answer = await fetched(path, options);
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(problemInWords(answer.status, document));
  return document;
}

/** Fetch, and say in words when nobody answers. @param {string} url @param {RequestInit} options */
export async function fetched(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (/** @type {Error} */ (error).name === "AbortError") throw error;
    throw new Error("The server does not answer. Is it still running?");
  }
}

/** @param {number} status @param {any} problem */
export function problemInWords(status, problem) {
  const words = problem.detail || problem.title || `The server answered ${status}.`;
  const where = [problem.code, problem.field].filter(Boolean).join(", ");
  return where ? `${words} (${where})` : words;
}

/** Copy a URL that opens this one picture and nothing else. */
export async function copyUrl(/** @type {string} */ path) {
  try {
    const { urls } = await ask("api/sign", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ paths: [path] }),
    });
    await navigator.clipboard.writeText(urls[0]);
    say("Signed URL copied: it opens this picture only.");
  } catch (error) {
    complain(`Not copied: ${/** @type {Error} */ (error).message}`);
  }
}
