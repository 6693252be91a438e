/** The vectors that concern an edge, for engines that read no files. */
import accept from "../../../cache_keys/vectors/accept.json";
import canonical from "../../../cache_keys/vectors/canonical.json";
import lanes from "../../../cache_keys/vectors/lanes.json";
import pairs from "../../../cache_keys/vectors/pairs.json";
import proof from "../../../cache_keys/vectors/proof.json";
import refused from "../../../cache_keys/vectors/refused.json";
import request from "../../../cache_keys/vectors/request.json";
import resizes from "../../../cache_keys/vectors/resizes.json";
import rings from "../../../cache_keys/vectors/rings.json";
import signature from "../../../cache_keys/vectors/signature.json";
import tenant_keys from "../../../cache_keys/vectors/tenant_keys.json";

export const DOCUMENTS = {
  accept, canonical, lanes, pairs, proof, refused, request, resizes, rings, signature, tenant_keys,
};
