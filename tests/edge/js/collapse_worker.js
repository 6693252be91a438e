/** The collapser alone in an isolate: /warm until V8 has optimised it, all else shares one answer. */
import { Collapser } from "../../../edge/js/collapse.js";

const collapser = new Collapser();
const stored = (/** @type {string} */ text) => ({
  status: 200, headers: [], body: new TextEncoder().encode(text), cacheStatus: "edgeproof; hit",
});

export default {
  /**
   * @param {Request} request
   * @param {unknown} _
   * @param {ExecutionContext} context
   */
  async fetch(request, _, context) {
    if (request.url.endsWith("/warm")) {
      for (let turn = 0; turn < 30_000; turn++) {
        await collapser.share(`/${turn}`, async () => stored("x"), () => undefined);
      }
      return new Response("warm");
    }
    const fetchOnce = async () => {
      await scheduler.wait(50);
      return stored("one");
    };
    const shared = await collapser.share("/one", fetchOnce, (done) => context.waitUntil(done));
    return new Response(shared.body);
  },
};
