import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { NetworkError, RefusedError, ServerError, TimeoutError } from "../../../src/errors.ts";
import { createS3Store, type S3StoreOptions } from "../../../src/offload/mod.ts";
import { sha256Hex } from "../../../src/offload/payloads/sha256.ts";
import { createTestClock } from "../../../src/testing/mod.ts";
import { toBytes, toStream, tryPayloadStore } from "../payloads/store-suite.ts";
import { createFakeS3, credentials, refuse } from "./fake-s3.ts";

const mebibyte = 1024 * 1024;

function setup(options: Partial<S3StoreOptions> = {}, pageSize?: number) {
  const clock = createTestClock();
  const fake = createFakeS3({ now: () => clock.now(), ...(pageSize && { pageSize }) });
  const store = createS3Store({
    endpoint: "http://s3.example",
    bucket: "bucket",
    credentials,
    prefix: "a b/ü&(1)/",
    partBytes: 5 * mebibyte,
    clock,
    fetch: fake.fetch,
    ...options,
  });
  /** Does it, and lets the waits between tries pass. */
  const run = async <Result>(work: Promise<Result>): Promise<Result> => {
    let isDone = false;
    work.catch(() => {}).finally(() => isDone = true);
    // Digests take turns of their own: it may need time only some turns later.
    for (let turn = 0; !isDone && turn < 10_000; turn++) {
      await clock.settle();
      if ((clock.nextTimerMs ?? Infinity) < 10_000) await clock.advance(clock.nextTimerMs!);
    }
    return await work;
  };
  return { clock, fake, store, run };
}

describe("a payload store in a bucket", () => {
  let made = setup();
  tryPayloadStore({
    create: () => (made = setup()).store,
    advance: (ms) => made.clock.advance(ms),
  });

  it("sends what fits into a part at once, and more in parts", async () => {
    const { fake, store } = setup();
    const key = "a b/ü&(1)/k";
    await store.put("k", toStream(toBytes(5 * mebibyte), { pieceBytes: mebibyte }));
    assert.deepEqual(fake.calls.splice(0), [`PUT ${key}`]);
    const long = toBytes(11 * mebibyte);
    await store.put("k", toStream(long, { pieceBytes: 700_000 }), { contentType: "text/x" });
    assert.deepEqual(fake.calls.splice(0), [
      `POST ${key}?uploads=`,
      `PUT ${key}?partNumber=1&uploadId=u%2B1`,
      `PUT ${key}?partNumber=2&uploadId=u%2B1`,
      `PUT ${key}?partNumber=3&uploadId=u%2B1`,
      `POST ${key}?uploadId=u%2B1`,
    ]);
    assert.equal(fake.objects.get(key)?.contentType, "text/x");
    assert.equal(fake.uploads.size, 0);
    assert.equal(await sha256Hex((await store.get("k"))!), await sha256Hex(long));
  });

  it("gives up an upload that fails in the middle, and when putting together fails", async () => {
    const { fake, store } = setup();
    const error = new Error("cut");
    const cut = toStream(toBytes(11 * mebibyte), { pieceBytes: mebibyte, error });
    await assert.rejects(store.put("k", cut), error);
    assert.deepEqual([fake.uploads.size, fake.objects.size], [0, 0]);
    assert.match(fake.calls.at(-1)!, /^DELETE .*uploadId=/);

    const { fake: { fetch }, clock } = setup();
    // 200, and an error all the same: S3 does so when it takes long.
    const failing = createS3Store({
      endpoint: "http://s3.example",
      bucket: "bucket",
      credentials,
      tries: 1,
      partBytes: 5 * mebibyte,
      clock,
      fetch: async (request) => {
        const answer = await fetch(request.clone());
        const isEnd = request.method === "POST" && /uploadId=/.test(request.url);
        return isEnd ? new Response(await refuse(200, "InternalError").text()) : answer;
      },
    });
    await assert.rejects(
      failing.put("k", toStream(toBytes(6 * mebibyte), { pieceBytes: mebibyte })),
      { name: "ServerError", message: /InternalError: It & not/ },
    );
  });

  it("tries again while the server is busy or away, and signs anew", async () => {
    const { clock, fake, store, run } = setup();
    fake.answers.push(
      () => refuse(503, "SlowDown"),
      () => Promise.reject(new TypeError("connection refused")),
      () => refuse(400, "RequestTimeout"),
    );
    const before = clock.now();
    await run(store.put("k", toBytes(10)));
    assert.equal(fake.calls.length, 4);
    assert.ok(clock.now() > before);
    assert.deepEqual(await store.get("k"), toBytes(10));
  });

  it("says what S3 said, and never the key", async () => {
    const { fake, store, run } = setup();
    fake.answers.push(() => refuse(403, "AccessDenied"));
    await assert.rejects(store.get("k"), (error) => {
      assert.ok(error instanceof RefusedError);
      assert.equal(
        error.message,
        "S3 answered 'GET /a b/ü&(1)/k' with 403 AccessDenied: It & not",
      );
      return true;
    });
    for (let at = 0; at < 4; at++) fake.answers.push(() => refuse(500, "InternalError"));
    await assert.rejects(run(store.get("k")), ServerError);
    for (let at = 0; at < 4; at++) fake.answers.push(() => Promise.reject(new Error("gone")));
    await assert.rejects(run(store.delete("k")), (error) => {
      assert.ok(error instanceof NetworkError);
      assert.equal(error.message, "No answer to 'DELETE /a b/ü&(1)/k'");
      return true;
    });
    assert.equal(fake.calls.length, 9);
  });

  it("gives up a try that takes too long", async () => {
    const { fake, store, run } = setup({ tries: 1, timeoutMs: 500 });
    fake.answers.push(() => new Promise(() => {}));
    await assert.rejects(run(store.get("k")), TimeoutError);
  });

  it("does not follow to where the key must not go", async () => {
    const { fake, store } = setup();
    fake.answers.push(() =>
      new Response(null, { status: 307, headers: { location: "http://x/" } })
    );
    await assert.rejects(store.get("k"), { name: "RefusedError", status: 307 });
    assert.equal(fake.calls.length, 1);
  });

  it("asks for a key each time, if it is lent", async () => {
    let asked = 0;
    const lent = () => (asked++, Promise.resolve(credentials));
    const { store } = setup({ credentials: lent });
    await store.put("k", toBytes(1));
    await store.get("k");
    assert.equal(asked, 2);
    const { store: wrong } = setup({ credentials: { ...credentials, secretAccessKey: "other" } });
    await assert.rejects(wrong.get("k"), /403 SignatureDoesNotMatch/);
  });

  it("sweeps page by page, uploads too, and nothing of others", async () => {
    const { clock, fake, store } = setup({}, 2);
    for (const key of ["1", "2", "3", "4", "5"]) await store.put(key, toBytes(1));
    fake.objects.set("a b/ü&(1)/sub/own", { bytes: toBytes(1), at: 0, contentType: null });
    fake.objects.set("elsewhere", { bytes: toBytes(1), at: 0, contentType: null });
    fake.uploads.set("old", { key: "a b/ü&(1)/6", at: 0, contentType: null, parts: new Map() });
    fake.uploads.set("other", { key: "elsewhere", at: 0, contentType: null, parts: new Map() });
    await clock.advance(60_000);
    await store.put("6", toBytes(1));
    assert.equal(await store.sweep!(30_000), 5);
    assert.deepEqual([...fake.objects.keys()].sort(), [
      "a b/ü&(1)/6",
      "a b/ü&(1)/sub/own",
      "elsewhere",
    ]);
    assert.deepEqual([...fake.uploads.keys()], ["other"]);
  });

  it("sweeps also where uploads cannot be listed", async () => {
    const { clock, fake, store } = setup({ tries: 1 });
    await store.put("1", toBytes(1));
    await clock.advance(1000);
    const { fetch } = fake;
    const poor = createS3Store({
      endpoint: "http://s3.example",
      bucket: "bucket",
      credentials,
      prefix: "a b/ü&(1)/",
      tries: 1,
      clock,
      fetch: (request) =>
        request.url.includes("uploads=")
          ? Promise.resolve(refuse(501, "NotImplemented"))
          : fetch(request),
    });
    assert.equal(await poor.sweep!(100), 1);
  });

  it("finds its bucket in the path or in the host", async () => {
    const seen: string[] = [];
    const fetch = (request: Request) => {
      seen.push(request.url);
      return Promise.resolve(new Response("x"));
    };
    const own = { credentials, fetch, prefix: "p/" };
    for (
      const options of [
        { bucket: "b", region: "eu-central-1" },
        { bucket: "b.c", region: "eu-central-1" },
        { bucket: "b", endpoint: "https://s3.example:9000/base/" },
        { bucket: "b", endpoint: "https://s3.example:9000/base", pathStyle: false },
      ]
    ) {
      await createS3Store({ ...own, ...options }).get("k");
    }
    assert.deepEqual(seen, [
      "https://b.s3.eu-central-1.amazonaws.com/p/k",
      "https://s3.eu-central-1.amazonaws.com/b.c/p/k",
      "https://s3.example:9000/base/b/p/k",
      "https://b.s3.example:9000/base/p/k",
    ]);
  });

  it("says what is wrong with its options", () => {
    const create = (options: object) => () =>
      createS3Store({ bucket: "b", credentials, ...options } as S3StoreOptions);
    assert.throws(create({ bucket: "a/b" }), /Cannot use "a\/b" as 'bucket'/);
    assert.throws(create({ credentials: undefined }), /without 'credentials'/);
    assert.throws(create({ prefix: "../" }), /as 'prefix'/);
    assert.throws(create({ endpoint: "s3.example" }), /as 'endpoint': expected an http\(s\) URL/);
    assert.throws(create({ partBytes: 1000 }), /expected a whole number from 5242880/);
    assert.throws(create({ buckets: 1 }), /did you mean 'bucket'/);
  });
});
