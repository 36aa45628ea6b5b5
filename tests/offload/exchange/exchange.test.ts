/** An exchange with a scripted fetch: what is sent, what is told, and what is not. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JobCancelledError } from "../../../src/errors.ts";
import { createTestClock } from "../../../src/testing/test-clock.ts";
import { answerOf, failureOf, pieces, run, scripted, textOf } from "./exchange-kit.ts";

const url = "https://api.example.com/v1/things?page=1";
const ok = () => new Response("fine");
const never = () => new Promise<Response>(() => {});
const secretParams = { key: { $secret: "query" } };

describe("what an exchange sends", () => {
  it("sends secrets, an id and a user agent, and tells none of the secrets", async () => {
    const { fetch, sent } = scripted(({ url }) =>
      new Response("", { headers: { "x-echo": `secret-of-header ${url}` } })
    );
    const headers = { authorization: { $secret: "header", prefix: "Bearer " }, "x-plain": "1" };
    const outcome = await answerOf({ url, fetch, headers, secretParams });
    assert.deepEqual(sent[0], {
      method: "GET",
      url: "https://api.example.com/v1/things?page=1&key=secret-of-query",
      headers: {
        accept: "*/*",
        authorization: "Bearer secret-of-header",
        "user-agent": "test",
        "x-plain": "1",
        "x-request-id": "r1",
      },
      body: undefined,
    });
    assert.equal(outcome.url, url);
    assert.doesNotMatch(JSON.stringify(outcome), /secret-of/);
    assert.match(JSON.stringify(outcome.headers), /\[header\].*key=\[query\]/);
  });

  it("leaves the headers of the request as they are, but for those of the connection", async () => {
    const { fetch, sent } = scripted(ok);
    await answerOf({
      url,
      fetch,
      method: "POST",
      body: new TextEncoder().encode("hello"),
      idempotencyKey: "once",
      headers: {
        "x-request-id": "own",
        "user-agent": "own",
        connection: "close",
        "content-length": "99",
        "transfer-encoding": "chunked",
      },
      ports: { userAgent: null },
    });
    const { headers, body } = sent[0]!;
    assert.equal(body, "hello");
    assert.deepEqual(headers, {
      accept: "*/*",
      "idempotency-key": "once",
      "user-agent": "own",
      "x-request-id": "own",
    });
  });

  it("lets signers sign what is sent, one after the other", async () => {
    const { fetch, sent } = scripted(ok);
    await answerOf({
      url,
      fetch,
      headers: { "x-key": { $secret: "k" } },
      sign: ["first", "second"],
      ports: {
        signers: {
          first: async (request) => {
            await Promise.resolve();
            request.headers.set("x-first", `${request.headers.get("x-key")} ${request.id}`);
          },
          second: ({ headers, url }) => {
            headers.set("x-second", `after ${headers.get("x-first")}`);
            url.searchParams.append("signed", "1");
          },
        },
      },
    });
    assert.equal(sent[0]!.headers["x-second"], "after secret-of-k r1");
    assert.match(sent[0]!.url, /\?page=1&signed=1$/);
  });

  it("says what is missing, or wrong, in a request", async () => {
    const { fetch, sent } = scripted(ok);
    const cases = [
      [
        { headers: { a: { $secret: "gone" } } },
        "secret_unavailable",
        /^Secret 'gone' cannot be had: no such/,
      ],
      [{ sign: ["gone"] }, "signer_unknown", /^Signer 'gone' is not there$/],
      [{ sign: ["toString"] }, "signer_unknown", /'toString'/],
      [{ sign: ["bad"] }, "signer_failed", /^Signer 'bad' failed: with \[s\]$/],
      [{ sign: ["away"] }, "signer_failed", /changed the origin/],
      [{ headers: { a: "line\nbreak" } }, "header_invalid", /^Header 'a' cannot be sent/],
      [{ url: "nowhere" }, "url_invalid", /^The address is none$/],
      [{ url: "ftp://a/" }, "url_invalid", /^Cannot ask 'ftp:'/],
      [{ url: "http://u:hidden@a/" }, "url_invalid", /user name/],
    ] as const;
    for (const [given, code, message] of cases) {
      const failure = await failureOf({
        url,
        fetch,
        headers: { b: { $secret: "s" } },
        ...given,
        ports: {
          resolveSecret: (name) =>
            name === "gone"
              ? Promise.reject(new Error("no such secret"))
              : Promise.resolve("hidden"),
          signers: {
            bad: () => Promise.reject(new Error("with hidden")),
            away: ({ url }) => void (url.host = "evil.example.com"),
          },
        },
      });
      assert.equal(failure.kind, "config");
      assert.equal(failure.code, code);
      assert.match(failure.message, message);
      assert.doesNotMatch(JSON.stringify(failure), /hidden/);
    }
    assert.equal(sent.length, 0);
  });

  it("asks whether an address is allowed, and then does not send", async () => {
    const { fetch, sent } = scripted(ok);
    const asked: string[] = [];
    const failure = await failureOf({
      url,
      fetch,
      ports: { allowUrl: ({ host }) => Promise.resolve(asked.push(host) === 0) },
    });
    assert.equal(failure.kind, "config");
    assert.equal(failure.code, "address_refused");
    assert.deepEqual(asked, ["api.example.com"]);
    assert.equal(sent.length, 0);
  });
});

describe("what an exchange tells", () => {
  it("gives an answer of any status, with all its cookies", async () => {
    const headers = new Headers({ "content-type": "text/plain", "content-length": "4" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    const { fetch } = scripted(() => new Response("gone", { status: 404, headers }));
    const { durationMs, ...outcome } = await answerOf({ url, fetch });
    assert.ok(durationMs >= 0);
    assert.deepEqual(outcome, {
      kind: "response",
      status: 404,
      headers: [["content-type", "text/plain"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
      url,
      method: "GET",
      redirects: [],
      body: new TextEncoder().encode("gone"),
    });
  });

  it("takes a body of just the size allowed, and cancels a larger one", async () => {
    let cancelled = 0;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(4)),
          cancel: () => void cancelled++,
        }),
      );
    const fits = scripted(() => new Response(pieces("12", "34")));
    assert.equal(textOf(await answerOf({ url, fetch: fits.fetch, maxBytes: 4 })), "1234");
    const failure = await failureOf({ url, fetch: scripted(endless).fetch, maxBytes: 4 });
    assert.equal(failure.kind, "too_large");
    assert.equal(failure.message, "The answer is larger than the 4 bytes allowed");
    const announced = () => new Response("x", { headers: { "content-length": "5" } });
    assert.equal(
      (await failureOf({ url, fetch: scripted(announced).fetch, maxBytes: 4 })).kind,
      "too_large",
    );
    assert.equal(cancelled, 1);
  });

  it("fails when less comes than was announced, or more", async () => {
    for (const length of ["5", "3"]) {
      const answer = () => new Response("four", { headers: { "content-length": length } });
      const failure = await failureOf({ url, fetch: scripted(answer).fetch });
      assert.equal(failure.kind, "connection");
      assert.equal(failure.code, "body_cut");
    }
    const packed = () =>
      new Response("four", { headers: { "content-length": "3", "content-encoding": "gzip" } });
    const outcome = await answerOf({ url, fetch: scripted(packed).fetch });
    assert.deepEqual(outcome.headers.filter(([name]) => name !== "content-type"), []);
    const head = () => new Response(null, { headers: { "content-length": "9999999999" } });
    const { headers } = await answerOf({ url, method: "HEAD", fetch: scripted(head).fetch });
    assert.deepEqual(headers, [["content-length", "9999999999"]]);
  });

  it("takes a secret out as a whole, if another one is its beginning", async () => {
    const { fetch } = scripted(() =>
      new Response("", { headers: { "x-echo": "abcdef and abcdef-ghi" } })
    );
    const headers = { a: { $secret: "short" }, b: { $secret: "long" } };
    const resolveSecret = (name: string) =>
      Promise.resolve(name === "short" ? "abcdef" : "abcdef-ghi");
    const outcome = await answerOf({ url, fetch, headers, ports: { resolveSecret } });
    assert.deepEqual(outcome.headers.at(-1), ["x-echo", "[short] and [long]"]);
  });

  it("takes secrets and queries out of the words of a platform", async () => {
    const { fetch } = scripted(({ url }) =>
      Promise.reject(
        Object.assign(new TypeError(`Cannot fetch "${url}" from http://a/b?c=d`), {
          code: "ECONNRESET",
        }),
      )
    );
    const failure = await failureOf({ url, fetch, secretParams });
    assert.deepEqual({ ...failure, durationMs: 0 }, {
      kind: "connection",
      code: "ECONNRESET",
      message:
        'The connection failed: Cannot fetch "https://api.example.com/v1/things" from http://a/b',
      url,
      method: "GET",
      redirects: [],
      durationMs: 0,
      requestId: "r1",
    });
  });

  it("asks the adapter first what an error is", async () => {
    const { fetch } = scripted(() => Promise.reject(new Error("odd")));
    const classify = () => ({ kind: "tls", code: "ODD" } as const);
    const failure = await failureOf({ url, fetch, ports: { classify } });
    assert.deepEqual([failure.kind, failure.code], ["tls", "ODD"]);
    assert.equal((await failureOf({ url, fetch })).kind, "unknown");
  });
});

describe("the times of an exchange", () => {
  it("gives up when the time is over, also with a fetch that does not", async () => {
    const clock = createTestClock();
    const { fetch } = scripted(never);
    const outcome = failureOf({ url, fetch, timeoutMs: 500, ports: { clock } });
    await clock.advance(500);
    const { kind, code, durationMs, message } = await outcome;
    assert.deepEqual([kind, code, durationMs], ["timeout", "deadline", 500]);
    assert.equal(message, "No whole answer came within 500 ms");
    assert.equal(clock.timers, 0);
  });

  it("counts the silence of a body from piece to piece", async () => {
    const clock = createTestClock();
    let controller: ReadableStreamDefaultController<Uint8Array>;
    let cancelled: unknown;
    const body = new ReadableStream<Uint8Array>({
      start: (given) => void (controller = given),
      cancel: (reason) => void (cancelled = reason),
    });
    const { fetch } = scripted(async () => {
      await new Promise<void>((resolve) => clock.setTimer(resolve, 900));
      return new Response(body);
    });
    const outcome = failureOf({ url, fetch, idleTimeoutMs: 100, ports: { clock } });
    await clock.advance(900); // Nothing was announced yet: that is no silence.
    for (let i = 0; i < 5; i++) {
      controller!.enqueue(new Uint8Array(1));
      await clock.advance(90);
    }
    await clock.advance(20);
    const { kind, code, durationMs } = await outcome;
    assert.deepEqual([kind, code], ["timeout", "idle_timeout"]);
    assert.equal(durationMs, 900 + 4 * 90 + 100);
    assert.match(String(cancelled), /silent for 100 ms/);
    assert.equal(clock.timers, 0);
  });

  it("stops without a word, or as cancelled, as the caller's signal says", async () => {
    for (const during of ["head", "body", "before"]) {
      for (const reason of [new Error("stopping"), new JobCancelledError("not wanted any more")]) {
        const stop = new AbortController();
        const reached = Promise.withResolvers<void>();
        const { fetch } = scripted(() => {
          reached.resolve();
          return during === "head" ? never() : new Response(new ReadableStream());
        });
        if (during === "before") stop.abort(reason);
        const outcome = run({ url, fetch, signal: stop.signal });
        if (during !== "before") await reached.promise;
        stop.abort(reason);
        const given = await outcome;
        if (reason instanceof JobCancelledError) {
          assert.equal(given.kind, "failure");
          assert.equal(given.kind === "failure" && given.failure.kind, "aborted");
          assert.equal(given.kind === "failure" && given.failure.message, "not wanted any more");
        } else assert.deepEqual(given, { kind: "stopped", reason });
      }
    }
  });

  it("lets go of an answer that comes after the end", async () => {
    const clock = createTestClock();
    const cancelled = Promise.withResolvers<void>();
    const late = Promise.withResolvers<Response>();
    const { fetch } = scripted(() => late.promise);
    const outcome = failureOf({ url, fetch, timeoutMs: 10, ports: { clock } });
    await clock.advance(10);
    await outcome;
    late.resolve(new Response(new ReadableStream({ cancel: () => cancelled.resolve() })));
    await cancelled.promise;
  });
});
