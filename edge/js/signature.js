/** Step 5: the tenant key, the signature of a URL, and whether one holds now. */
import { hmacHex, importKey, isMac } from "./hmac.js";
import { isActive } from "./keyring.js";
import * as policy from "./policy.generated.js";
import { Refusal } from "./refusal.js";

/** @import { Ring, RingKey } from "./keyring.js" */
/** @import { Claim, Target } from "./request.js" */

/** @type {RingKey} */
const NO_KEY = { master: policy.DUMMY_SECRET, tenants: null, retiredAtS: null };
const KEPT_KEYS_MAX = 512; // an import and a HMAC each; a flood of names only costs those again

/**
 * Return the key that signs for one tenant, 64 hex; it may be given to the tenant.
 * @param {string} master
 * @param {string} tenant
 * @param {string} kid
 */
export async function tenantKey(master, tenant, kid) {
  return hmacHex(await importKey(master), `edgeproof-tenant-key-1\n${tenant}\n${kid}`);
}

/**
 * Return the text that is signed: a path, or with scope `asset` every op of its asset.
 * @param {Target} target
 * @param {Omit<Claim, "sig">} claim
 */
export function signedText(target, { kid, exp, scope }) {
  const signed = scope ? `${policy.ROOT}${target.tenant}/${target.asset}/` : target.path;
  return `edgeproof-url-1\n${target.tenant}\n${kid}\n${exp}\n${scope}\n${signed}`;
}

/** Verifies claims with one ring and keeps the tenant keys it made, the dummy's like any other. */
export class Verifier {
  /** @type {Map<string, Promise<CryptoKey>>} */
  #keys = new Map();

  /** @param {Ring} ring */
  constructor(ring) {
    this.ring = ring;
  }

  /**
   * Check a claim in constant time, then its time. now: Unix seconds.
   * @param {Target} target
   * @param {Claim} claim
   * @param {number} now
   */
  async verify(target, claim, now) {
    const found = this.ring.get(claim.kid);
    const entry = found !== undefined && isActive(found, target.tenant, now) ? found : NO_KEY;
    const key = await this.#key(entry, target.tenant, claim.kid);
    const isEqual = await isMac(key, claim.sig, signedText(target, claim));
    if (!isEqual || entry === NO_KEY) throw new Refusal("sig.bad", "sig");
    const exp = Number(claim.exp);
    if (exp < now - policy.CLOCK_SKEW_S) throw new Refusal("sig.expired", "exp");
    if (exp > now + policy.LIFE_MAX_S + policy.CLOCK_SKEW_S) throw new Refusal("sig.far", "exp");
  }

  /**
   * @param {RingKey} entry
   * @param {string} tenant
   * @param {string} kid
   */
  #key(entry, tenant, kid) {
    const name = `${entry === NO_KEY ? "-" : "+"}${tenant}\n${kid}`;
    let key = this.#keys.get(name);
    if (key === undefined) {
      if (this.#keys.size >= KEPT_KEYS_MAX) this.#keys.clear();
      key = tenantKey(entry.master, tenant, kid).then(importKey);
      this.#keys.set(name, key);
    }
    return key;
  }
}
