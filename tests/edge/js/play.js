/** Keys, names and a signer for the plays of the JavaScript edges. */
import { hmacHex, importKey } from "../../../edge/js/hmac.js";
import { readTarget } from "../../../edge/js/request.js";
import { signedText, tenantKey } from "../../../edge/js/signature.js";

export const RING = { k1: { master: "0351dd2b".repeat(8), tenants: "all", retired: null } };
export const SECRETS = { e1: "5e".repeat(32) };
export const HOST = "img.shop.example";
export const ASSET = "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq";
export const ORIGIN_DELAY_MS = 100;

/**
 * @param {string} leaf
 * @param {string} [tenant]
 */
export const pathOf = (leaf, tenant = "acme") => `/v1/${tenant}/${ASSET}/${leaf}`;

/**
 * Sign a path of the tenant acme.
 * @param {string} path
 * @param {number} exp Unix seconds
 * @param {string} [scope]
 */
export async function signed(path, exp, scope = "") {
  const key = await importKey(await tenantKey(RING.k1.master, "acme", "k1"));
  const text = signedText(readTarget(path), { kid: "k1", exp: String(exp), scope });
  const query = `exp=${exp}&kid=k1&sig=${await hmacHex(key, text)}`;
  return `${path}?${query}${scope && `&scope=${scope}`}`;
}
