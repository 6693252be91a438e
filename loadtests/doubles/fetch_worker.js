/** Fetches and answers, and nothing else: what a hit costs workerd before any rule is kept. */

export default {
  /**
   * @param {Request} request
   * @param {Record<string, string>} env
   */
  async fetch({ url }, env) {
    const { pathname } = new URL(url);
    const response = await fetch(env.EDGEPROOF_UPSTREAM + pathname);
    return new Response(await response.arrayBuffer(), { headers: { "content-type": "image/jpeg" } });
  },
};
