/** The two calls of a server: may this be asked (steps 1 to 5), and what is asked (6 to 10). */
import { chooseFormat } from "./accept.js";
import { canonicalBox, canonicalTransform, leafText } from "./canonical.js";
import { laneOf } from "./lane.js";
import { readLeaf } from "./leaf.js";
import * as policy from "./policy.generated.js";
import { checkProof } from "./proof.js";
import { Refusal } from "./refusal.js";
import { checkHost, checkMethod, readClaim, readTarget } from "./request.js";

/** @import { Transform } from "./canonical.js" */
/** @import { Lane } from "./lane.js" */
/** @import { Claim, Target } from "./request.js" */
/** @import { Verifier } from "./signature.js" */

/**
 * What came over the wire. target and proof: each character one byte; proof: null without one.
 * @typedef {{method: string, host: string, target: string, hasBody: boolean, proof: string | null}} Wire
 */
/**
 * Who may ask. hosts: lower-case. edgeSecrets: kid to 64 hex, of edges that may ask this one.
 * @typedef {{
 *   verifier: Verifier, publicTenants: ReadonlyMap<string, number>, hosts: ReadonlySet<string>,
 *   edgeSecrets: ReadonlyMap<string, string>,
 * }} Gate
 */
/**
 * A request that may be answered. exp: Unix seconds, null for unsigned and edges.
 * @typedef {{target: Target, isEdge: boolean, exp: number | null}} Admitted
 */
/**
 * What is asked for. transform: null is info.json. negotiated: the URL said auto.
 * @typedef {{
 *   canonicalPath: string, transform: Transform | null, lane: Lane, negotiated: boolean,
 * }} Asked
 */

/**
 * Judge steps 1 to 5, for a client or for an edge that proves itself; throws the first Refusal.
 * @param {Wire} wire
 * @param {Gate} gate
 * @param {number} now Unix seconds
 * @returns {Promise<Admitted>}
 */
export async function admit({ method, host, target: line, hasBody, proof }, gate, now) {
  checkMethod(method, hasBody);
  checkHost(host, gate.hosts);
  const target = readTarget(line);
  if (proof === null) {
    const claim = await authorize(target, gate, now);
    return { target, isEdge: false, exp: claim === null ? null : Number(claim.exp) };
  }
  await checkProof(proof, gate.edgeSecrets, { method, host, path: target.path }, now);
  if (target.query !== null) throw new Refusal("key.not_canonical", "query");
  return { target, isEdge: true, exp: null };
}

/**
 * Judge steps 4 and 5 for a client; null is an unsigned request to a public tenant.
 * @param {Target} target
 * @param {Pick<Gate, "verifier" | "publicTenants">} gate
 * @param {number} now Unix seconds
 * @returns {Promise<Claim | null>}
 */
export async function authorize(target, { verifier, publicTenants }, now) {
  const claim = readClaim(target.query);
  if (claim !== null) await verifier.verify(target, claim, now);
  else if (!publicTenants.has(target.tenant)) throw new Refusal("sig.missing");
  return claim;
}

/**
 * Judge steps 6 to 10.
 * @param {Target} target
 * @param {readonly string[]} accept the Accept lines as received
 * @param {boolean} isEdge an authenticated edge asks, which must send what is canonical already
 * @returns {Asked}
 */
export function ask(target, accept, isEdge = false) {
  if (target.leaf === policy.INFO) {
    return { canonicalPath: target.path, transform: null, lane: "origin", negotiated: false };
  }
  return isEdge ? askEdge(target) : askClient(target, accept);
}

/**
 * @param {Target} target
 * @param {readonly string[]} accept
 */
function askClient(target, accept) {
  const { ops, ext } = readLeaf(target.leaf);
  if (ops.get("t")?.startsWith(`${policy.EDGE_PRESET}~`)) throw new Refusal("preset.unknown", "t");
  return canonical(target, ops, ext, accept);
}

/** @param {Target} target */
function askEdge(target) {
  let ops, ext, asked;
  try {
    ({ ops, ext } = readLeaf(target.leaf));
    asked = canonical(target, ops, ext, []);
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal("key.not_canonical", error.field);
    throw error;
  }
  if (asked.canonicalPath !== target.path) throw new Refusal("key.not_canonical");
  const [name, version] = (ops.get("t") ?? "").split("~");
  if (name === policy.EDGE_PRESET && Number(version) !== policy.EDGE_VERSION) {
    throw new Refusal("preset.unknown", "t");
  }
  return asked;
}

/**
 * @param {Target} target
 * @param {Map<string, string>} ops
 * @param {string} ext
 * @param {readonly string[]} accept
 * @returns {Asked}
 */
function canonical({ tenant, asset }, ops, ext, accept) {
  const box = canonicalBox(ops);
  const negotiated = ext === policy.AUTO;
  const transform = canonicalTransform(
    ops,
    box,
    negotiated ? chooseFormat(accept, box.w, box.h) : ext,
  );
  const canonicalPath = `${policy.ROOT}${tenant}/${asset}/${leafText(transform)}`;
  return { canonicalPath, transform, lane: laneOf(transform), negotiated };
}
