/** What leaves an edge, with the platform lent by this file: the core needs no runtime. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { handle } from "../../../edge/js/handle.js";
import { checkProof } from "../../../edge/js/proof.js";
import { readSettings } from "../../../edge/js/settings.js";
import { HOST, pathOf, RING, SECRETS, signed } from "./play.js";

const NOW = 1_767_225_600;
const BODY = "0123456789";
const VALUES = {
  EDGEPROOF_HOSTS: HOST,
  EDGEPROOF_PUBLIC_TENANTS: "catalogue=3600",
  EDGEPROOF_KEY_RING: JSON.stringify(RING),
  EDGEPROOF_EDGE_SECRETS: JSON.stringify(SECRETS),
};
const ORIGIN_FIELDS = {
  "content-type": "image/webp",
  "cache-control": "public, max-age=60",
  "cdn-cache-control": "max-age=31536000, stale-while-revalidate=86400, stale-if-error=604800",
  "surrogate-control": "max-age=31536000",
  "surrogate-key": "a-x all",
  "cache-tag": "a-x,all",
  xkey: "a-x all",
  "server-timing": "render;dur=3",
  "set-cookie": "a=b",
  age: "500",
  etag: '"d"',
  "accept-ranges": "bytes",
  "edgeproof-generation": "7",
  "repr-digest": "sha-256=:eA==:",
  "access-control-allow-origin": "*",
  "cache-status": "shield; hit",
};

/** An edge and everything that its origin was asked. */
function play(values = VALUES, origin = async () => new Response(BODY, { headers: ORIGIN_FIELDS })) {
  /** @type {{url: string, headers: Record<string, string>}[]} */
  const asked = [];
  /** @type {Record<string, unknown>[]} */
  const logged = [];
  const settings = readSettings((name) => values[name]);
  settings.catch(() => undefined);
  const platform = {
    upstream: () => `https://${HOST}`,
    fetchUpstream: (url, headers) => {
      asked.push({ url, headers });
      return origin(url);
    },
    cacheStatus: () => "edgeproof; hit",
    waitUntil: () => undefined,
    now: () => NOW,
    log: (record) => logged.push(record),
  };
  const answer = (request) => handle(request, () => settings, platform);
  const get = (target, headers = {}, method = "GET") =>
    answer(new Request(`https://${HOST}${target}`, { headers, method }));
  return { answer, get, asked, logged };
}

test("a signed answer is private until it expires and keeps what stays inside from browsers", async () => {
  const { get, asked } = play();
  const answer = await get(await signed(pathOf("w_600.webp"), NOW + 1000));
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), BODY);
  assert.deepEqual(Object.fromEntries(answer.headers), {
    "accept-ranges": "bytes",
    "access-control-allow-origin": "*",
    "cache-control": "private, max-age=1000, immutable",
    "cache-status": "shield; hit, edgeproof; hit",
    "content-length": "10",
    "content-type": "image/webp",
    "edgeproof-generation": "7",
    etag: '"d"',
    "repr-digest": "sha-256=:eA==:",
  });
  assert.equal(asked[0].url, `https://${HOST}${pathOf("w_640.webp")}`);
});

test("a signed answer is kept for a day at most, and for no time once it has expired", async () => {
  const { get } = play();
  const control = async (exp) =>
    (await get(await signed(pathOf("w_64.jpg"), exp))).headers.get("cache-control");
  assert.equal(await control(NOW + 3 * 86_400), "private, max-age=86400, immutable");
  assert.equal(await control(NOW - 10), "private, max-age=0, immutable");
});

test("a public tenant's answer is public for as long as its tenant says", async () => {
  const { get } = play();
  const answer = await get(pathOf("w_64.jpg", "catalogue"));
  assert.equal(answer.headers.get("cache-control"), "public, max-age=3600, immutable");
});

test("a signed request in a public tenant is private", async () => {
  const { get } = play({ ...VALUES, EDGEPROOF_PUBLIC_TENANTS: "acme=3600" });
  const answer = await get(await signed(pathOf("w_64.jpg"), NOW + 60));
  assert.equal(answer.headers.get("cache-control"), "private, max-age=60, immutable");
});

test("Vary is there only when the URL asked said auto", async () => {
  const { get, asked } = play();
  const accept = { accept: "image/avif,image/webp" };
  const vary = async (leaf) =>
    (await get(await signed(pathOf(leaf), NOW + 60), accept)).headers.get("vary");
  assert.equal(await vary("w_64.auto"), "Accept");
  assert.equal(await vary("w_64.avif"), null);
  assert.equal(asked[0].url, asked[1].url);
});

test("the origin is asked with a proof that holds and with nothing of the client's", async () => {
  const { get, asked } = play();
  const tricks = {
    accept: "image/webp",
    authorization: "Basic eA==",
    cookie: "a=b",
    "edgeproof-edge": `t=${NOW};kid=e1;mac=${"0".repeat(64)}`,
    "x-forwarded-host": "evil.example",
    "x-original-url": "/print/v1/x",
    "x-http-method-override": "DELETE",
    range: "bytes=0-1",
    "if-none-match": '"d"',
  };
  await get(await signed(pathOf("w_64.auto"), NOW + 60), tricks);
  const [{ url, headers }] = asked;
  assert.deepEqual(Object.keys(headers), ["Edgeproof-Edge"]);
  const wire = { method: "GET", host: HOST, path: new URL(url).pathname };
  await checkProof(headers["Edgeproof-Edge"], new Map(Object.entries(SECRETS)), wire, NOW);
});

test("the host is that of the URL, which is what would be asked, whatever the field says", async () => {
  const { answer, asked } = play();
  const target = await signed(pathOf("w_64.jpg"), NOW + 60);
  const bare = { method: "GET", headers: new Headers({ host: HOST }), body: null };
  for (const host of ["evil.example", `x@${HOST}`, `${HOST}.`, `${HOST}.evil.example`, ""]) {
    assert.equal((await answer({ ...bare, url: `http://${host}${target}` })).status, 421, host);
  }
  assert.equal(asked.length, 0);
  for (const host of [HOST, HOST.toUpperCase(), `${HOST}:8443`]) {
    assert.equal((await answer({ ...bare, url: `http://${host}${target}` })).status, 200, host);
  }
});

test("a body is what the fields announce, and what comes without any", async () => {
  const { answer } = play();
  const url = `https://${HOST}${await signed(pathOf("w_64.jpg"), NOW + 60)}`;
  const status = async (fields, body) =>
    (await answer({ method: "GET", url, headers: new Headers(fields), body })).status;
  const body = new ReadableStream();
  assert.equal(await status({}, null), 200);
  assert.equal(await status({ "content-length": "0" }, body), 200, "some hosts have an empty stream");
  assert.equal(await status({ "content-length": "1" }, null), 400);
  assert.equal(await status({ "content-length": "0, 1" }, null), 400);
  assert.equal(await status({ "transfer-encoding": "chunked" }, null), 400);
  assert.equal(await status({ "transfer-encoding": "chunked", "content-length": "0" }, null), 400);
  assert.equal(await status({}, body), 400);
});

test("sixty unkeyed fields and junk in the query change neither the bytes nor what is asked", async () => {
  const { get, asked } = play();
  const junk = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`x-junk-${n}`, "1"]));
  const target = await signed(pathOf("w_64.jpg"), NOW + 60);
  const plain = await get(target);
  const noisy = await get(`${target}&utm_source=x&%65xp=1&__proto__=1`, junk);
  assert.deepEqual([...noisy.headers], [...plain.headers]);
  assert.equal(await noisy.text(), await plain.text());
  assert.equal(asked[0].url, asked[1].url);
});

for (const [sentence, fields, status, body, range] of [
  ["a first range", { range: "bytes=0-3" }, 206, "0123", "bytes 0-3/10"],
  ["a range to the end", { range: "bytes=7-" }, 206, "789", "bytes 7-9/10"],
  ["a range from the end", { range: "bytes=-2" }, 206, "89", "bytes 8-9/10"],
  ["a range past the end", { range: "bytes=10-" }, 416, "", "bytes */10"],
  ["several ranges are the whole", { range: "bytes=0-1,3-4" }, 200, BODY, null],
  ["a backward range is the whole", { range: "bytes=4-2" }, 200, BODY, null],
  ["a range of other bytes is the whole", { range: "bytes=0-1", "if-range": '"x"' }, 200, BODY, null],
  ["a range of these bytes", { range: "bytes=0-1", "if-range": '"d"' }, 206, "01", "bytes 0-1/10"],
  ["what the browser has", { "if-none-match": 'W/"d"' }, 304, "", null],
  ["what the browser has among others", { "if-none-match": '"x", "d"' }, 304, "", null],
  ["what the browser has not", { "if-none-match": '"x"' }, 200, BODY, null],
  ["a match that fails", { "if-match": '"x"' }, 412, "", null],
]) {
  test(`conditional: ${sentence}`, async () => {
    const { get } = play();
    const answer = await get(await signed(pathOf("w_64.jpg"), NOW + 60), fields);
    assert.deepEqual(
      [answer.status, await answer.text(), answer.headers.get("content-range")],
      [status, body, range],
    );
  });
}

test("HEAD has the fields of GET and no body", async () => {
  const { get } = play();
  const target = await signed(pathOf("w_64.jpg"), NOW + 60);
  const [head, full] = [await get(target, {}, "HEAD"), await get(target)];
  assert.deepEqual([...head.headers], [...full.headers]);
  assert.equal(await head.text(), "");
});

test("every 403 is the same document and its reason is only in the log", async () => {
  const { get, logged } = play();
  const bad = (await signed(pathOf("w_64.jpg"), NOW + 60)).replace(/sig=./, "sig=f");
  const answers = [pathOf("w_64.jpg"), `${pathOf("w_64.jpg")}?exp=1`, bad.replace("w_64", "w_96")];
  const bodies = new Set();
  for (const target of answers) {
    const answer = await get(target);
    assert.equal(answer.status, 403);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    bodies.add(await answer.text());
  }
  assert.equal(bodies.size, 1);
  assert.equal(JSON.parse([...bodies][0]).code, "sig.refused");
  assert.deepEqual(logged.map(({ code }) => code), ["sig.missing", "sig.form", "sig.bad"]);
});

test("an error of the origin's passes, is kept by no browser and keeps its Retry-After", async () => {
  const fields = { "content-type": "application/problem+json", "retry-after": "2", "cdn-cache-control": "max-age=10" };
  for (const status of [404, 410, 422, 429, 503]) {
    const { get } = play(VALUES, async () => new Response("{}", { status, headers: fields }));
    const answer = await get(await signed(pathOf("w_64.jpg"), NOW + 60));
    assert.deepEqual(
      [answer.status, answer.headers.get("cache-control"), answer.headers.get("retry-after")],
      [status, "no-store", "2"],
    );
    assert.equal(answer.headers.get("cdn-cache-control"), null);
  }
});

for (const [sentence, origin] of /** @type {[string, () => Promise<Response>][]} */ ([
  ["cannot be reached", () => Promise.reject(new Error("no route"))],
  ["answers by a page of its host's", async () => new Response("<html>", { status: 522 })],
  ["redirects", async () => Response.redirect("https://evil.example/", 302)],
  ["has a page of its host's where a picture is", async () => page()],
  ["answers a condition that nobody had", async () => problem(304, null)],
  ["answers a part that nobody asked for", async () => problem(206)],
  ["does not believe our proof", async () => problem(403)],
  ["finds our path not canonical", async () => problem(400)],
  ["does not know our host", async () => problem(421)],
])) {
  test(`an origin that ${sentence} is 503, said to nobody but the log`, async () => {
    const { get, logged } = play(VALUES, origin);
    const answer = await get(await signed(pathOf("w_64.jpg"), NOW + 60));
    assert.equal(answer.status, 503);
    assert.equal((await answer.json()).code, "edge.unavailable");
    assert.ok(logged[0].cause);
  });
}

/**
 * @param {number} status
 * @param {string | null} [body]
 */
function problem(status, body = "{}") {
  return new Response(body, { status, headers: { "content-type": "application/problem+json" } });
}

function page() {
  return new Response("<html>", { headers: { "content-type": "text/html", etag: '"p"' } });
}

for (const [name, value] of Object.entries({
  EDGEPROOF_HOSTS: "",
  EDGEPROOF_PUBLIC_TENANTS: "catalogue",
  EDGEPROOF_KEY_RING: "{",
  EDGEPROOF_EDGE_SECRETS: "{}",
})) {
  test(`an edge without a good ${name} answers nothing`, async () => {
    const { get, asked } = play({ ...VALUES, [name]: value });
    const answer = await get(pathOf("w_64.jpg", "catalogue"));
    assert.equal(answer.status, 503);
    assert.equal((await answer.json()).code, "edge.unset");
    assert.equal(asked.length, 0);
  });
}
