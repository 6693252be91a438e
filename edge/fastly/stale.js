/** What Compute leaves to its services of stale-if-error: an origin that answers, but not to the point. */

/** Statuses that say something about a picture; any other is no reason to lose what is kept. */
const SAID = [200, 304, 404, 410];

/**
 * Compute gives what is stale by itself only where no answer came at all. Thrown in afterSend, an
 * answer that says nothing about the picture counts as none.
 * @param {Response} response
 */
export function keepStale(response) {
  // staleIfErrorAvailable() is not in its types yet.
  const candidate = /** @type {Response & {staleIfErrorAvailable: () => boolean}} */ (response);
  if (!SAID.includes(candidate.status) && candidate.staleIfErrorAvailable()) {
    throw new Error(`the origin answered ${candidate.status}`);
  }
}
