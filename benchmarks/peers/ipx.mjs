// IPX as its manual sets it up: files of one folder, nothing kept.   Usage: node ipx.mjs PORT FOLDER NODE_FOLDER
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [port, folder, modules] = process.argv.slice(2);
const entry = createRequire(`${modules}/`).resolve("ipx");
const { createIPX, createIPXNodeServer, ipxFSStorage } = await import(pathToFileURL(entry.replace(/\.cjs$/, ".mjs")));
const ipx = createIPX({ storage: ipxFSStorage({ dir: folder }) });
createServer(createIPXNodeServer(ipx)).listen(Number(port), "127.0.0.1");
