/**
 * The columns of Fastly Compute: this program answers the vectors while it is built, when the engine
 * starts it to take its picture of the memory, and prints a line for each file; and it answers every
 * request with all of them, where Viceroy runs it.
 */
import { answersTo } from "./answers.js";
import { DOCUMENTS } from "./documents.js";

for (const [name, document] of Object.entries(DOCUMENTS)) {
  answersTo({ [name]: document }).then(
    (found) => console.log(`VECTORS ${JSON.stringify(found)}`),
    (error) => console.log(`FAILED ${name} ${error}`),
  );
}

addEventListener("fetch", (event) =>
  event.respondWith(answersTo(DOCUMENTS).then((found) => Response.json(found))),
);
