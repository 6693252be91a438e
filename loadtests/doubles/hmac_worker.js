/** Checks one signature as often as the header says: what HMAC alone costs in workerd. */
import { importKey, isMac } from "../js/hmac.js";

const MAC = "0".repeat(64);
const TEXT = `edgeproof-url-1\nload\nk1\n1767225600\n\n/v1/load/${"a".repeat(52)}/w_640.jpg`;
/** @type {Promise<CryptoKey> | undefined} */
let key;

export default {
  /** @param {Request} request */
  async fetch(request) {
    key ??= importKey("c5".repeat(32));
    const times = Number(request.headers.get("times"));
    for (let count = 0; count < times; count++) await isMac(await key, MAC, TEXT);
    return new Response("done");
  },
};
