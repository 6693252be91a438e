/** Steps 1 to 4: what may be asked at all, before anyone looks at keys or pixels. */
import * as policy from "./policy.generated.js";
import { Refusal } from "./refusal.js";

/**
 * A path of the outer shape, exactly as received; query: null when there was no `?`.
 * @typedef {{path: string, tenant: string, asset: string, leaf: string, query: string | null}} Target
 */
/**
 * What a signed query says, each part of the right form and nothing believed yet.
 * @typedef {{exp: string, kid: string, sig: string, scope: string}} Claim
 */

/**
 * A pattern of the policy, matching the whole text.
 * @param {string} pattern
 */
export const whole = (pattern) => new RegExp(`^(?:${pattern})$`);

const SHAPE = whole(
  `${policy.ROOT}(${policy.TENANT})/(${policy.HASH})/(${policy.LEAF_BYTES})`,
);
const PATH_BYTES = whole(policy.PATH_BYTES);
const EXP = whole(policy.EXP);
const KID = whole(policy.KID);
const SIG = whole(policy.MAC);
const PORT = /^(.+):[0-9]{1,5}$/;

/**
 * Judge step 1.
 * @param {string} method
 * @param {boolean} hasBody
 */
export function checkMethod(method, hasBody) {
  if (!policy.METHODS.includes(method)) throw new Refusal("http.method");
  if (hasBody) throw new Refusal("http.body");
}

/**
 * Judge step 2: an entry without a port stands for every port; case does not count.
 * @param {string} host
 * @param {ReadonlySet<string>} hosts
 */
export function checkHost(host, hosts) {
  const lower = host.toLowerCase();
  if (hosts.has(lower)) return;
  const match = PORT.exec(lower);
  if (match === null || !hosts.has(match[1])) throw new Refusal("http.host");
}

/**
 * Judge step 3.
 * @param {string} target of the request line, each character one byte
 * @returns {Target}
 */
export function readTarget(target) {
  if (target.length > policy.TARGET_BYTES_MAX) throw new Refusal("url.bytes");
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const match = path.length <= policy.PATH_BYTES_MAX ? SHAPE.exec(path) : null;
  if (match === null) throw misshapen(path);
  const [, tenant, asset, leaf] = match;
  return { path, tenant, asset, leaf, query: mark < 0 ? null : target.slice(mark + 1) };
}

/** @param {string} path */
function misshapen(path) {
  if (path.length > policy.PATH_BYTES_MAX || !PATH_BYTES.test(path)) {
    return new Refusal("url.bytes");
  }
  return new Refusal(path.startsWith(policy.ROOT) ? "url.shape" : "url.unknown");
}

/**
 * Judge step 4: read the raw names exp, kid, sig and scope; null is an unsigned request.
 * @param {string | null} query
 * @returns {Claim | null}
 */
export function readClaim(query) {
  if (!query) return null;
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const part of query.split("&")) {
    const split = part.indexOf("=");
    const name = split < 0 ? part : part.slice(0, split);
    if (!policy.SIGNATURE_NAMES.includes(name)) continue;
    if (found.has(name)) throw new Refusal("sig.repeated", name);
    found.set(name, split < 0 ? "" : part.slice(split + 1));
  }
  if (found.size === 0) return null;
  const [exp, kid, sig] = ["exp", "kid", "sig"].map((name) => found.get(name) ?? "");
  if (!(EXP.test(exp) && KID.test(kid) && SIG.test(sig))) throw new Refusal("sig.form");
  const scope = found.get("scope");
  if (scope !== undefined && scope !== policy.SCOPE_ASSET) throw new Refusal("sig.form", "scope");
  return { exp, kid, sig, scope: scope ?? "" };
}
