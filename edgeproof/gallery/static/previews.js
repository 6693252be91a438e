/** Asking for previews: one signature per photo, a few requests at a time, costs read from headers. */

import { ask, fetched, problemInWords } from "./dom.js";

const AT_ONCE = 6; // browsers open six connections to a host; more would only wait unseen
const TRIES = 3; // of a picture that is refused for now (429, 503)

/**
 * @typedef {{tenant: string, asset: string, name: string, width_px: number, height_px: number,
 *   size_bytes: number, format: string, profile: string|null, warnings: string[], dominant: string}} Photo
 * @typedef {{level: string, steps: {name: string, ms: number}[], serverMs: number, tripMs: number,
 *   bytes: number, key: string, etag: string, type: string}} Cost
 * @typedef {{blob: Blob, cost: Cost}} Preview
 */

/** A preview that the origin refused, with the seconds to wait where it said so. */
export class PreviewRefused extends Error {
  constructor(/** @type {string} */ words, /** @type {number} */ status, /** @type {number} */ waitS) {
    super(words);
    this.status = status;
    this.waitS = waitS;
  }
}

export class Previews {
  /** @param {string} origin scheme and host of the public listener */
  constructor(origin) {
    this.origin = origin;
    /** @type {Map<string, Promise<string>>} */
    this.scopes = new Map();
    /** @type {(() => void)[]} */
    this.waiting = [];
    this.running = 0;
    /** @type {(cost: Cost) => void} */
    this.onCost = () => {};
  }

  /** @param {Photo} photo @param {string} leaf */
  path(photo, leaf) {
    return `/v1/${photo.tenant}/${photo.asset}/${leaf}`;
  }

  /** The scoped signature, asked for once: it covers every op of this photo. @param {Photo} photo */
  scope(photo) {
    let scope = this.scopes.get(photo.asset);
    if (!scope) {
      scope = ask(`api/scope/${photo.tenant}/${photo.asset}`).then(({ query }) => query);
      scope.catch(() => this.scopes.delete(photo.asset));
      this.scopes.set(photo.asset, scope);
    }
    return scope;
  }

  /** @param {Photo} photo @param {string} leaf */
  async url(photo, leaf) {
    return `${this.origin}${this.path(photo, leaf)}?${await this.scope(photo)}`;
  }

  /**
   * Fetch one preview at once. Browsers may keep previews for a day, but here the cost at the
   * origin is what is shown, so their cache stays out of it.
   * @param {Photo} photo @param {string} leaf @param {AbortSignal} [signal]
   * @returns {Promise<Preview>}
   */
  async fetch(photo, leaf, signal) {
    const url = await this.url(photo, leaf);
    const start = performance.now();
    const answer = await fetched(url, { mode: "cors", credentials: "omit", cache: "no-store", signal });
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      const waitS = Number(answer.headers.get("retry-after")) || 0;
      throw new PreviewRefused(problemInWords(answer.status, problem), answer.status, waitS);
    }
    const blob = await answer.blob();
    const cost = costOf(answer.headers, blob, performance.now() - start);
    this.onCost(cost);
    return { blob, cost };
  }

  /** Fetch one preview in turn; one that is refused for now is asked for again when it said. */
  async inTurn(/** @type {Photo} */ photo, /** @type {string} */ leaf, /** @type {AbortSignal} */ signal) {
    for (let attempt = 1; ; attempt += 1) {
      await this.turn();
      try {
        signal.throwIfAborted();
        return await this.fetch(photo, leaf, signal);
      } catch (error) {
        const isForNow = error instanceof PreviewRefused && (error.status === 429 || error.status === 503);
        if (!isForNow || attempt === TRIES) throw error;
        await pause(Math.max(1, error.waitS) * 1000 * attempt);
      } finally {
        this.running -= 1;
        this.waiting.shift()?.();
      }
    }
  }

  async turn() {
    if (this.running >= AT_ONCE) await new Promise((/** @type {(v?: any) => void} */ go) => this.waiting.push(go));
    this.running += 1;
  }
}

const pause = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

/** @param {Headers} headers @param {Blob} blob @param {number} tripMs @returns {Cost} */
export function costOf(headers, blob, tripMs) {
  const { level, steps } = readServerTiming(headers.get("server-timing") || "");
  return {
    level: level || readCacheStatus(headers.get("cache-status")),
    steps,
    serverMs: steps.reduce((sum, step) => sum + step.ms, 0),
    tripMs,
    bytes: blob.size,
    key: headers.get("edgeproof-key") || "",
    etag: (headers.get("etag") || "").replaceAll('"', ""),
    type: (headers.get("content-type") || "").replace("image/", ""),
  };
}

/** An edge keeps the origin's times and says hit or not itself, last (RFC 9211). @param {string|null} field */
export function readCacheStatus(field) {
  const nearest = (field || "hit").split(",").at(-1) || "";
  return nearest.split(";").some((part) => part.trim() === "hit") ? "edge" : "miss";
}

/** Read `hit;desc=render, decode;dur=3.2, …`. @param {string} field */
export function readServerTiming(field) {
  let level = "";
  const steps = [];
  for (const part of field.split(",")) {
    const [name, ...parameters] = part.trim().split(";");
    const values = Object.fromEntries(parameters.map((p) => p.trim().split("=")));
    if (name === "hit") level = (values.desc || "").replaceAll('"', "");
    else if (values.dur) steps.push({ name, ms: Number(values.dur) });
  }
  return { level, steps };
}
