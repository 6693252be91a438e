/** The vectors as rows with a judge each: one table that Node and workerd both run. */
import { imageOf } from "../../../edge/cloudflare/image.js";
import { chooseFormat } from "../../../edge/js/accept.js";
import { admit, ask, authorize } from "../../../edge/js/asking.js";
import { resizeOf } from "../../../edge/js/edge_lane.js";
import { hmacHex, importKey } from "../../../edge/js/hmac.js";
import { parseEdgeSecrets, parseRing, RingError } from "../../../edge/js/keyring.js";
import { laneOfPath } from "../../../edge/js/lane.js";
import { checkProof } from "../../../edge/js/proof.js";
import { Refusal } from "../../../edge/js/refusal.js";
import { readTarget } from "../../../edge/js/request.js";
import { signedText, tenantKey, Verifier } from "../../../edge/js/signature.js";

/** @typedef {Record<string, any>} Row */
/** @typedef {Record<string, any>} Document */
/** @typedef {(row: Row, document: Document) => Promise<[actual: unknown, expected: unknown]>} Judge */

/** @param {Row} row */
function targetOf(row) {
  if ("target_hex" in row) {
    return row.target_hex.replace(/../g, (/** @type {string} */ pair) =>
      String.fromCharCode(parseInt(pair, 16)),
    );
  }
  if ("target_repeat" in row) {
    const [head, part, times, tail] = row.target_repeat;
    return head + part.repeat(times) + tail;
  }
  return row.target;
}

/** @param {() => unknown} judge */
async function answerOf(judge) {
  try {
    return await judge();
  } catch (error) {
    if (error instanceof Refusal) return `${error.status} ${error.code}`;
    if (error instanceof RingError) return null;
    throw error;
  }
}

/** @param {Document} head */
function gateOf(head) {
  return {
    verifier: new Verifier(parseRing(JSON.stringify(head.ring))),
    publicTenants: new Map(head.public_tenants.map((/** @type {string} */ name) => [name, 60])),
    hosts: new Set(/** @type {string[]} */ (head.hosts ?? [])),
    edgeSecrets: parseEdgeSecrets(JSON.stringify(head.edge_secrets ?? {})),
  };
}

/** Every file of vectors that concerns an edge, and how a row of it is judged. */
export const JUDGES = /** @type {Record<string, Judge>} */ ({
  canonical: async (row) => {
    const asked = ask(readTarget(targetOf(row)), row.accept);
    const again = ask(readTarget(asked.canonicalPath), []);
    const ofEdge = ask(readTarget(asked.canonicalPath), [], true);
    return [
      [asked.canonicalPath, asked.negotiated, again.canonicalPath, ofEdge.canonicalPath, asked.lane],
      [row.canonical, row.negotiated, row.canonical, row.canonical, laneOfPath(row.canonical)],
    ];
  },
  refused: async (row) => [
    await answerOf(() => ask(readTarget(targetOf(row)), [])),
    `${row.status} ${row.code}`,
  ],
  pairs: async (row) => {
    const [one, other] = row.targets.map(
      (/** @type {string} */ target) => ask(readTarget(target), row.accept).canonicalPath,
    );
    return [one === other, row.equal];
  },
  accept: async (row) => [chooseFormat(row.accept, row.box[0], row.box[1]), row.ext],
  signature: async (row, head) => [
    await answerOf(async () => {
      await authorize(readTarget(targetOf(row)), gateOf(head), row.now);
      return "ok";
    }),
    row.answer,
  ],
  tenant_keys: async (row) => {
    const key = await tenantKey(row.master, row.tenant, row.kid);
    const claim = { kid: row.kid, exp: String(row.exp), scope: row.scope };
    const sig = await hmacHex(await importKey(key), signedText(readTarget(row.path), claim));
    return [[key, sig], [row.tenant_key, row.sig]];
  },
  proof: async (row, head) => [
    await answerOf(() => {
      const secrets = parseEdgeSecrets(JSON.stringify(head.edge_secrets));
      return checkProof(row.header, secrets, { method: row.method, host: row.host, path: row.path }, row.now);
    }),
    row.ok ? undefined : "403 edge.proof",
  ],
  request: async (row, head) => [
    await answerOf(async () => {
      const wire = { method: row.method, host: row.host, hasBody: row.has_body, proof: row.proof };
      const { target, isEdge } = await admit({ ...wire, target: targetOf(row) }, gateOf(head.gate), row.now);
      return ask(target, row.accept ?? [], isEdge).canonicalPath;
    }),
    row.answer,
  ],
  rings: async (row) => [await answerOf(() => [...parseRing(row.ring).keys()]), row.kids],
  lanes: async (row) => [laneOfPath(row.path), row.lane],
  resizes: async (row) => {
    const { transform, lane } = ask(readTarget(row.path), []);
    const resize = transform === null || lane !== "edge" ? null : resizeOf(transform, row.info);
    return [resize === null ? null : imageOf(resize), row.image];
  },
});

