/** Reads lines of JSON, {path, info}, and answers each with what the resizer is asked for. */
import { createInterface } from "node:readline";

import { ask } from "../../../edge/js/asking.js";
import { resizeOf } from "../../../edge/js/edge_lane.js";
import { readTarget } from "../../../edge/js/request.js";

for await (const line of createInterface({ input: process.stdin })) {
  const { path, info } = JSON.parse(line);
  const { transform, lane } = ask(readTarget(path), []);
  console.log(JSON.stringify(lane === "edge" ? resizeOf(transform, info) : null));
}
