/** Why a request is refused, and the document that says so (RFC 9457). */
import { FORBIDDEN_CODE, REFUSALS } from "./policy.generated.js";

/** What only an edge says: status, the words that anyone may read, seconds of Retry-After. */
const OWN = /** @type {Record<string, [number, string, number]>} */ ({
  "edge.unavailable": [503, "The pictures cannot be reached.", 5],
  "edge.unset": [503, "This edge is not set up.", 60],
});

/** As origin/headers.py has them; the body of a refusal is the same on every host. */
const TITLES = /** @type {Record<number, string>} */ ({
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  410: "Gone",
  421: "Misdirected Request",
  503: "Service Unavailable",
});

/** A request that is answered by an error; `code` is for the log, `publicCode` for anyone. */
export class Refusal extends Error {
  /**
   * @param {string} code one of REFUSALS, or of this module's own
   * @param {string} [field] the op, parameter or header it is about
   */
  constructor(code, field) {
    const [status, words, retryAfterS] = OWN[code] ?? [...REFUSALS[code], undefined];
    super(`${status} ${code}: ${words}`);
    this.code = code;
    this.status = status;
    this.public = words;
    this.field = field;
    this.retryAfterS = retryAfterS;
  }

  /** Every 403 says the same: the reason is only in the log. */
  get publicCode() {
    return this.status === 403 ? FORBIDDEN_CODE : this.code;
  }

  /** The problem document. A 403 has no field either. */
  get body() {
    return JSON.stringify({
      type: "about:blank",
      title: TITLES[this.status],
      status: this.status,
      code: this.publicCode,
      detail: this.public,
      field: this.status === 403 ? undefined : this.field,
    });
  }
}
