/** What one deployment sets: values by `edgeproof edge build --deployment`, and two secrets. */
import { Collapser } from "./collapse.js";
import { importKey } from "./hmac.js";
import { parseEdgeSecrets, parseRing, RingError } from "./keyring.js";
import * as policy from "./policy.generated.js";
import { Refusal } from "./refusal.js";
import { whole } from "./request.js";
import { Verifier } from "./signature.js";

/** @import { Gate } from "./asking.js" */
/**
 * Everything that an edge knows between requests.
 * @typedef {{
 *   gate: Gate, proofSecret: {kid: string, key: CryptoKey}, isTransforming: boolean,
 *   collapser: Collapser,
 * }} Edge
 */

/** `name=seconds`: a public tenant and how long browsers may keep what it gives. */
const PUBLIC_TENANT = whole(`(${policy.TENANT})=([0-9]{1,8})`);

/**
 * Read the settings; one that is missing or wrong is a Refusal 503 `edge.unset` that names it.
 * @param {(name: string) => string | null | undefined} get a variable or secret by its name
 * @returns {Promise<Edge>}
 */
export async function readSettings(get) {
  const hosts = required(get, "EDGEPROOF_HOSTS").toLowerCase().split(",");
  const ring = read("EDGEPROOF_KEY_RING", () => parseRing(required(get, "EDGEPROOF_KEY_RING")));
  const secrets = read("EDGEPROOF_EDGE_SECRETS", () =>
    parseEdgeSecrets(required(get, "EDGEPROOF_EDGE_SECRETS")),
  );
  const [first] = secrets;
  if (first === undefined) throw new Refusal("edge.unset", "EDGEPROOF_EDGE_SECRETS");
  return {
    gate: {
      verifier: new Verifier(ring),
      publicTenants: publicTenants(get("EDGEPROOF_PUBLIC_TENANTS") ?? ""),
      hosts: new Set(hosts),
      // Nobody proves itself to an outer edge: it deletes the header of its clients.
      edgeSecrets: new Map(),
    },
    proofSecret: { kid: first[0], key: await importKey(first[1]) },
    isTransforming: get("EDGEPROOF_EDGE_TRANSFORM") === "on",
    collapser: new Collapser(),
  };
}

/**
 * @param {(name: string) => string | null | undefined} get
 * @param {string} name
 */
function required(get, name) {
  const value = get(name);
  if (!value) throw new Refusal("edge.unset", name);
  return value;
}

/**
 * @template T
 * @param {string} name
 * @param {() => T} parse
 */
function read(name, parse) {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RingError) throw new Refusal("edge.unset", name);
    throw error;
  }
}

/** @param {string} text */
function publicTenants(text) {
  const pairs = text.split(",").filter((part) => part !== "");
  return new Map(
    pairs.map((pair) => {
      const match = PUBLIC_TENANT.exec(pair);
      if (match === null) throw new Refusal("edge.unset", "EDGEPROOF_PUBLIC_TENANTS");
      return /** @type {const} */ ([match[1], Number(match[2])]);
    }),
  );
}
