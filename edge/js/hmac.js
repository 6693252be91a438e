/** HMAC-SHA256 by WebCrypto, which Node, workerd and Compute share; texts in, 64 hex out. */

const encoder = new TextEncoder();
const ALGORITHM = { name: "HMAC", hash: "SHA-256" };
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * Make a key of 64 hex characters, whose ASCII is the key.
 * @param {string} secret
 */
export function importKey(secret) {
  return crypto.subtle.importKey("raw", encoder.encode(secret), ALGORITHM, false, [
    "sign",
    "verify",
  ]);
}

/**
 * @param {CryptoKey} key
 * @param {string} text
 */
export async function hmacHex(key, text) {
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text)));
  let hex = "";
  for (const byte of mac) hex += HEX[byte];
  return hex;
}

/**
 * Say whether a mac belongs to a text; takes the same time for every mac.
 * @param {CryptoKey} key
 * @param {string} mac 64 lower-case hex characters
 * @param {string} text
 */
export function isMac(key, mac, text) {
  const bytes = new Uint8Array(32);
  for (let at = 0; at < 32; at++) bytes[at] = parseInt(mac.slice(2 * at, 2 * at + 2), 16);
  return crypto.subtle.verify("HMAC", key, bytes, encoder.encode(text));
}
