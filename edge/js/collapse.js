/** One fetch for many equal requests that are under way at the same time. */

/**
 * An answer as bytes, which requests may share; its stream belongs to the request that read it.
 * @typedef {{
 *   status: number, headers: ReadonlyMap<string, string>, body: Uint8Array, cacheStatus: string,
 * }} Stored
 */

/** Keeps what is under way, never what is done: an answer is never older than its fetch. */
export class Collapser {
  /** @type {Map<string, Promise<Stored>>} */
  #underWay = new Map();

  /**
   * Return what a path answers, asked once for all who wait for it. waitUntil keeps the fetch
   * alive when the request that began it goes away.
   * @param {string} path
   * @param {() => Promise<Stored>} fetchOnce
   * @param {(promise: Promise<unknown>) => void} waitUntil
   * @returns {Promise<Stored>}
   */
  async share(path, fetchOnce, waitUntil) {
    const shared = this.#underWay.get(path);
    if (shared !== undefined) {
      const stored = await shared;
      return { ...stored, cacheStatus: `${stored.cacheStatus}; collapsed` };
    }
    // Others wait for a promise made here and by hand: workerd knows whose request it is. That of an
    // async function loses this once V8 has optimised the function, and then whoever waited goes on
    // in the wrong request: 500 "Cannot perform I/O on behalf of a different request".
    const { promise, resolve, reject } = Promise.withResolvers();
    this.#underWay.set(path, promise);
    const fetched = fetchOnce().finally(() => this.#underWay.delete(path));
    // A failure is told to those who wait; here it must only not be unhandled.
    promise.catch(() => undefined);
    waitUntil(fetched.then(resolve, reject));
    return fetched;
  }
}
