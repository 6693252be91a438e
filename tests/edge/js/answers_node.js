/** Prints the column of Node: JSON of all answers. The arguments are the files of vectors. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";

import { answersTo } from "./answers.js";

const read = (/** @type {string} */ path) => JSON.parse(readFileSync(path, "utf8"));
const documents = process.argv.slice(2).map((path) => [basename(path, ".json"), read(path)]);
console.log(JSON.stringify(await answersTo(Object.fromEntries(documents))));
