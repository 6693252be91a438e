/** Answers every request with the column of workerd: JSON of all answers. */
import { answersTo } from "./answers.js";
import { DOCUMENTS } from "./documents.js";

export default {
  async fetch() {
    return Response.json({ engine: navigator.userAgent, answers: await answersTo(DOCUMENTS) });
  },
};
