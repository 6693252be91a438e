// The server that one writes around sharp: the original is read, rendered and sent, each time.
// Usage: node sharp.mjs PORT FOLDER NODE_FOLDER.   GET /{file}?w=640&f=webp&s=ours|defaults[&q=80]
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

const [port, folder, modules] = process.argv.slice(2);
const sharp = createRequire(`${modules}/`)("sharp");
sharp.cache(false); // a cache of open files would make the same photo cheaper than it is
let renders = 0;

const ours = {
  jpg: (image, q) => image.jpeg({ quality: q ?? 80, progressive: false, optimiseCoding: true, quantisationTable: 3 }),
  webp: (image, q) => image.webp({ quality: q ?? 85, effort: 2 }),
  avif: (image, q) => image.avif({ quality: q ?? 65, effort: 0, chromaSubsampling: "4:2:0" }),
};
const defaults = {
  jpg: (image, q) => image.jpeg(q ? { quality: q } : {}),
  webp: (image, q) => image.webp(q ? { quality: q } : {}),
  avif: (image, q) => image.avif(q ? { quality: q } : {}),
};

createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname === "/renders") return response.end(String(renders));
  try {
    renders += 1;
    const asked = url.searchParams;
    const quality = asked.has("q") ? Number(asked.get("q")) : undefined;
    // sharp converts to sRGB and removes metadata unless it is told otherwise.
    const small = sharp(join(folder, url.pathname))
      .autoOrient()
      .resize({ width: Number(asked.get("w")), withoutEnlargement: true });
    const encoders = asked.get("s") === "ours" ? ours : defaults;
    const body = await encoders[asked.get("f")](small, quality).toBuffer();
    response.setHeader("content-type", `image/${asked.get("f")}`);
    response.end(body);
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
}).listen(Number(port), "127.0.0.1");
