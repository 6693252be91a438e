/** How an edge proves itself to the origin: one header line over method, host, path and time. */
import { hmacHex, importKey, isMac } from "./hmac.js";
import * as policy from "./policy.generated.js";
import { Refusal } from "./refusal.js";
import { whole } from "./request.js";

const PROOF = whole(policy.PROOF);

/**
 * @param {string} method
 * @param {string} host the Host header sent, with its port if one is sent
 * @param {string} path
 * @param {number | string} t
 */
function proofText(method, host, path, t) {
  return `edgeproof-edge-1\n${method}\n${host.toLowerCase()}\n${path}\n${t}`;
}

/**
 * Return the value of the Edgeproof-Edge header. now: Unix seconds, ten digits.
 * @param {{kid: string, key: CryptoKey}} secret
 * @param {{method: string, host: string, path: string}} asked
 * @param {number} now
 */
export async function makeProof({ kid, key }, { method, host, path }, now) {
  return `t=${now};kid=${kid};mac=${await hmacHex(key, proofText(method, host, path, now))}`;
}

/**
 * Verify a proof in constant time: an edge that is a shield for others is asked like an origin.
 * @param {string} header
 * @param {ReadonlyMap<string, string>} secrets kid to 64 hex
 * @param {{method: string, host: string, path: string}} asked
 * @param {number} now Unix seconds
 */
export async function checkProof(header, secrets, { method, host, path }, now) {
  const match = PROOF.exec(header);
  if (match === null) throw new Refusal("edge.proof");
  const [, t, kid, mac] = match;
  const secret = secrets.get(kid);
  const key = await importKey(secret ?? policy.DUMMY_SECRET);
  const isEqual = await isMac(key, mac, proofText(method, host, path, t));
  if (!isEqual || secret === undefined || Math.abs(now - Number(t)) > policy.PROOF_SKEW_S) {
    throw new Refusal("edge.proof");
  }
}
