/** Redirects: which are followed, what is sent there, and where they end. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answerOf, elsewhere, failureOf, scripted, textOf } from "./exchange-kit.ts";

const ok = () => new Response("fine");
const body = new TextEncoder().encode("hello");

describe("redirects", () => {
  it("follows 301, 302, 303, 307 and 308 with a location, and nothing else", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const { fetch, sent } = scripted(elsewhere(status, "/b#part"), ok);
      const outcome = await answerOf({ url: "http://a.test/x", fetch });
      assert.equal(textOf(outcome), "fine");
      assert.equal(outcome.url, "http://a.test/b");
      assert.deepEqual(outcome.redirects, ["http://a.test/x"]);
      assert.equal(sent.length, 2);
    }
    for (const status of [300, 304, 305, 306, 399]) {
      const { fetch } = scripted(elsewhere(status, "/b"), ok);
      assert.equal((await answerOf({ url: "http://a.test/", fetch })).status, status);
    }
    const empty = scripted(elsewhere(302, ""), ok);
    assert.equal((await answerOf({ url: "http://a.test/", fetch: empty.fetch })).status, 302);
    const bare = scripted(() => new Response(null, { status: 302 }), ok);
    assert.equal((await answerOf({ url: "http://a.test/", fetch: bare.fetch })).status, 302);
    const off = scripted(elsewhere(302, "/b"), ok);
    const outcome = await answerOf({ url: "http://a.test/", fetch: off.fetch, maxRedirects: 0 });
    assert.deepEqual([outcome.status, outcome.redirects], [302, []]);
  });

  it("changes methods as the Fetch standard does", async () => {
    const cases = [
      [301, "POST", "GET"],
      [302, "POST", "GET"],
      [302, "PUT", "PUT"],
      [303, "PUT", "GET"],
      [303, "HEAD", "HEAD"],
      [307, "POST", "POST"],
      [308, "PATCH", "PATCH"],
    ] as const;
    for (const [status, method, next] of cases) {
      const { fetch, sent } = scripted(elsewhere(status, "/b"), ok);
      const given = method === "HEAD" ? undefined : body;
      const headers = { "content-type": "text/x", "content-language": "en", "x-own": "1" };
      const outcome = await answerOf({
        url: "http://a.test/",
        fetch,
        method,
        headers,
        body: given,
      });
      assert.equal(outcome.method, next);
      assert.equal(sent[1]!.method, next);
      const isDropped = next !== method;
      assert.equal(sent[1]!.body, isDropped ? undefined : given && "hello");
      assert.equal("content-type" in sent[1]!.headers, !isDropped);
      assert.equal("content-language" in sent[1]!.headers, !isDropped);
      assert.equal(sent[1]!.headers["x-own"], "1");
    }
  });

  const headers = {
    accept: "text/plain",
    authorization: "a",
    cookie: "c",
    host: "virtual.test",
    "proxy-authorization": "p",
    "x-api-key": "k",
    "x-goog-api-key": "k",
    apikey: "k",
    "x-auth-token": "t",
    "x-hub-signature-256": "s",
    "ocp-apim-subscription-key": "k",
    "x-app-key": "k",
    key: "k",
    "private-token": "t",
    "x-mine": "m",
    "idempotency-key": "once",
    "x-marked": { $secret: "marked" },
    "x-keyboard": "qwerty",
    "x-authored-by": "Ada",
  };
  const secretParams = { key: { $secret: "query" } };
  const signers = { s: ({ headers }: { headers: Headers }) => headers.set("x-signed", "1") };

  for (const target of ["http://b.test/", "https://a.test/", "http://a.test:81/"]) {
    it(`takes nothing secret along to ${target}, nor back`, async () => {
      const { fetch, sent } = scripted(
        elsewhere(307, target),
        elsewhere(307, "http://a.test/back"),
        ok,
      );
      const given = { headers, secretParams, sign: ["s"], sensitiveHeaders: ["x-mine"] };
      await answerOf({
        url: "http://a.test/",
        fetch,
        ...given,
        allowInsecureRedirects: true,
        ports: { signers },
      });
      assert.equal(sent[0]!.headers["x-signed"], "1");
      assert.equal(sent[0]!.headers["x-marked"], "secret-of-marked");
      const left = {
        accept: "text/plain",
        "idempotency-key": "once",
        "user-agent": "test",
        "x-authored-by": "Ada",
        "x-keyboard": "qwerty",
        "x-request-id": "r1",
      };
      assert.deepEqual(sent[1]!.headers, left);
      assert.deepEqual(sent[2]!.headers, left);
      assert.equal(sent[1]!.url, target);
    });
  }

  it("keeps all but secret parameters within the origin, and signs again", async () => {
    const { fetch, sent } = scripted(elsewhere(307, "/b?c=1"), ok);
    await answerOf({
      url: "http://a.test/?z=1",
      fetch,
      method: "POST",
      body,
      headers,
      secretParams,
      sign: ["s"],
      ports: { signers },
    });
    assert.deepEqual(sent[1]!.headers, sent[0]!.headers);
    assert.equal(sent[0]!.url, "http://a.test/?z=1&key=secret-of-query");
    assert.equal(sent[1]!.url, "http://a.test/b?c=1");
  });

  it("tells no query that a server may have put a secret into", async () => {
    const { fetch } = scripted(
      ({ url }) => elsewhere(302, url.replace("/x", "/secret-of-query/y"))(),
      elsewhere(302, "/z?part=ret-of-que"),
      ok,
    );
    const outcome = await answerOf({ url: "http://a.test/x?page=1", fetch, secretParams });
    assert.deepEqual(outcome.redirects, ["http://a.test/x?page=1", "http://a.test/[query]/y"]);
    assert.equal(outcome.url, "http://a.test/z");
  });

  it("ends after as many redirects as are allowed", async () => {
    let count = 0;
    const { fetch } = scripted(() => elsewhere(302, `/${++count}`)());
    const failure = await failureOf({ url: "http://a.test/0", fetch, maxRedirects: 3 });
    assert.equal(failure.kind, "redirect");
    assert.equal(failure.kind === "redirect" && failure.reason, "too_many");
    assert.deepEqual(failure.redirects, [0, 1, 2, 3].map((at) => `http://a.test/${at}`));
  });

  it("notices a circle, but not where the method is another", async () => {
    const circle = scripted(elsewhere(302, "/b"), elsewhere(302, "/a#again"));
    const failure = await failureOf({ url: "http://a.test/a", fetch: circle.fetch });
    assert.equal(failure.kind === "redirect" && failure.reason, "loop");
    assert.equal(failure.url, "http://a.test/a");
    assert.deepEqual(failure.redirects, ["http://a.test/a", "http://a.test/b"]);

    const posted = scripted(elsewhere(303, "/a"), ok);
    const outcome = await answerOf({
      url: "http://a.test/a",
      method: "POST",
      fetch: posted.fetch,
      body,
    });
    assert.equal(outcome.method, "GET");
  });

  it("refuses what must not be followed", async () => {
    const targets = [
      ["http://a.test/", /'https:' to 'http:'/],
      ["file:///etc/passwd", /to 'file:'/],
      ["https://u:hidden@b.test/", /user name/],
      ["https://[", /no address/],
      ["https://inner.test/", /'inner.test' is not allowed/],
    ] as const;
    for (const [target, message] of targets) {
      const { fetch, sent } = scripted(elsewhere(302, target), ok);
      const allowUrl = (url: URL) => url.host !== "inner.test";
      const failure = await failureOf({ url: "https://a.test/", fetch, ports: { allowUrl } });
      assert.equal(failure.kind, "redirect");
      assert.equal(failure.kind === "redirect" && failure.reason, "refused");
      assert.match(failure.message, message);
      assert.doesNotMatch(JSON.stringify(failure), /hidden/);
      assert.equal(sent.length, 1);
    }
  });

  it("lets go of the body of a redirect", async () => {
    const cancelled = Promise.withResolvers<void>();
    const { fetch } = scripted(
      () =>
        new Response(new ReadableStream({ cancel: () => cancelled.resolve() }), {
          status: 302,
          headers: { location: "/b" },
        }),
      ok,
    );
    await answerOf({ url: "http://a.test/a", fetch });
    await cancelled.promise;
  });

  it("reads an address in UTF-8, whatever the platform made of it", async () => {
    for (const location of ["/\u00c3\u00bcber", "/%C3%BCber"]) {
      const { fetch, sent } = scripted(elsewhere(302, location), ok);
      await answerOf({ url: "http://a.test/", fetch });
      assert.equal(sent[1]!.url, "http://a.test/%C3%BCber");
    }
    const { fetch, sent } = scripted(elsewhere(302, "/\u00fcber"), ok);
    await answerOf({ url: "http://a.test/", fetch });
    assert.equal(sent[1]!.url, "http://a.test/%C3%BCber");
  });
});
