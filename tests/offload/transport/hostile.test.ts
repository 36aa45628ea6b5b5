/**
 * Exchanges over the transport with a server that does what no server should: nothing is lost in silence, nothing is sent twice,
 * nothing grows without end.
 */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createHttpTransport,
  type HttpTransport,
} from "../../../src/offload/transport/create-http-transport.ts";
import { answerOf, failureOf, run, textOf } from "../exchange/exchange-kit.ts";
import { type HostileServer, openHostileServer } from "../hostile/hostile-server.ts";
import {
  answer,
  cutScenes,
  largeScenes,
  malformedScenes,
  raw,
  redirect,
  slowScenes,
  wholeScenes,
} from "../hostile/scenes.ts";

describe("exchanges with a hostile server", () => {
  let server: HostileServer;
  let transport: HttpTransport;
  before(async () => {
    server = await openHostileServer({
      scenes: {
        ...wholeScenes,
        ...cutScenes,
        ...malformedScenes,
        ...largeScenes,
        ...slowScenes,
        "/utf8": raw(
          "HTTP/1.1 302 Found\r\nlocation: /\u00c3\u00bcber\r\ncontent-length: 0\r\n\r\n",
        ),
        "/%C3%BCber": answer("200 OK", {}, "over"),
        "/maze": redirect(302, "/maze2?x=1"),
        "/maze2": redirect(307, "./maze3"),
        "/maze3": redirect(303, "//localhost:1/"),
      },
    });
    transport = createHttpTransport({ guardAddresses: false });
  });
  after(async () => {
    await transport.close();
    await server.close();
  });
  const at = (path: string) => ({ url: server.url + path, fetch: transport as typeof fetch });

  const whole: Readonly<Record<string, readonly [number, RegExp]>> = {
    "/ok": [200, /^fine$/],
    "/echo": [200, /^\{.*\}$/],
    "/chunked": [200, /^whole!$/],
    "/until-close": [200, /^until the end$/],
    "/http-1.0": [200, /^old$/],
    "/gzip": [200, /^(whole ){400}$/],
    "/gzip-empty": [200, /^$/],
    "/bare-lines": [200, /^fine$/],
    "/same-lengths": [200, /^fine$/],
    "/999": [999, /^not you$/],
    "/421": [421, /^not here$/],
    "/407": [407, /^who$/],
    "/401": [401, /^who$/],
    "/unasked-100": [200, /^fine$/],
    "/trailers": [200, /^fine$/],
    "/204": [204, /^$/],
    "/cookies": [200, /^$/],
  };
  it("takes what is whole, each once", async () => {
    assert.deepEqual(Object.keys(wholeScenes).toSorted(), Object.keys(whole).toSorted());
    for (const [path, [status, body]] of Object.entries(whole)) {
      for (const method of ["GET", "POST"]) {
        const before = server.seen.length;
        const outcome = await answerOf({ ...at(path), method });
        assert.equal(outcome.status, status, path);
        assert.match(textOf(outcome), body, path);
        // What does no harm may be sent again over a new connection, if a kept one turns out to be closed.
        if (method === "POST") assert.equal(server.seen.length, before + 1, path);
        assert.ok(
          !outcome.headers.some(([name]) => /^content-(encoding|length)$/.test(name)),
          path,
        );
      }
    }
  });

  it("sends a POST once, whatever is answered", async () => {
    for (const path of ["/421", "/401", "/407", "/closed-at-once", "/reset", "/cut-head"]) {
      const before = server.seen.length;
      await run({ ...at(path), method: "POST", body: new TextEncoder().encode("hello") });
      const seen = server.seen.slice(before);
      assert.equal(seen.length, 1, path);
      assert.equal(new TextDecoder().decode(seen[0]!.body), "hello");
      assert.equal(seen[0]!.headers["content-length"], "5");
    }
  });

  for (const path of Object.keys(cutScenes)) {
    it(`fails as a connection: ${path}`, async () => {
      const failure = await failureOf(at(path));
      assert.equal(failure.kind, "connection", JSON.stringify(failure));
    });
  }

  for (const path of Object.keys(malformedScenes)) {
    it(`is no HTTP: ${path}`, async () => {
      const failure = await failureOf(at(path));
      assert.equal(failure.kind, "protocol", JSON.stringify(failure));
    });
  }

  for (const path of Object.keys(largeScenes)) {
    it(`is too large: ${path}`, async () => {
      const failure = await failureOf({ ...at(path), maxBytes: 100_000 });
      assert.equal(failure.kind, "too_large", JSON.stringify(failure));
    });
  }

  it("leaves no connection open behind it", async () => {
    await transport.close();
    await server.idle();
    transport = createHttpTransport({ guardAddresses: false });
  });

  it("waits as long as it is told, and closes what it waited for", async () => {
    for (const path of ["/silence", "/silent-body"]) {
      const failure = await failureOf({ ...at(path), timeoutMs: 50 });
      assert.deepEqual([failure.kind, failure.code], ["timeout", "deadline"]);
    }
    const silent = await failureOf({ ...at("/silent-body"), idleTimeoutMs: 30 });
    assert.equal(silent.code, "idle_timeout");
    await server.idle();
    assert.equal(textOf(await answerOf(at("/slow-head"))), "ok");
    assert.equal(textOf(await answerOf(at("/drip"))), "abc");
  });

  it("ends at once when the caller wants no more", async () => {
    const stop = new AbortController();
    const before = server.seen.length;
    const outcome = run({ ...at("/silence"), signal: stop.signal });
    await server.arrived(before + 1);
    stop.abort("enough");
    assert.deepEqual(await outcome, { kind: "stopped", reason: "enough" });
  });

  it("follows an address in UTF-8, and answers of a maze until it leads to nobody", async () => {
    assert.equal(textOf(await answerOf(at("/utf8"))), "over");
    const failure = await failureOf({ ...at("/maze"), method: "POST", body: new Uint8Array(3) });
    assert.deepEqual([failure.kind, failure.code], ["connection", "ECONNREFUSED"]);
    assert.deepEqual(
      failure.redirects,
      ["/maze", "/maze2?x=1", "/maze3"].map((path) => server.url + path),
    );
  });

  it("says that nobody listens, and that there is no such host", async () => {
    const gone = await openHostileServer({ scenes: {} });
    await gone.close();
    const refused = await failureOf({ ...at(""), url: gone.url });
    assert.deepEqual([refused.kind, refused.code], ["connection", "ECONNREFUSED"]);
    const lost = await failureOf({ ...at(""), url: "http://no-such-host.invalid/" });
    assert.deepEqual([lost.kind, /ENOTFOUND|EAI_AGAIN/.test(lost.code!)], ["connection", true]);
  });
});
