/**
 * A Worker that tries the payload stores of its bindings: KV and R2.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  createKvStore,
  createR2Store,
  type KvNamespace,
  type R2Bucket,
} from "../../adapters/cloudflare/mod.ts";
import { createPayloads, type PayloadRef } from "../../src/offload/mod.ts";
import { demandSame, toBytes, toStream, tryPayloadStore } from "../offload/payloads/store-suite.ts";
import { collected, describe, it } from "./test-shim.ts";

interface Env {
  readonly KV: KvNamespace;
  readonly R2: R2Bucket;
}

/** The bindings, which come with the first call. */
let env: Env;
const mebibyte = 1024 * 1024;
const createKv = () => createKvStore({ namespace: env.KV, prefix: `${crypto.randomUUID()}/` });
const createR2 = () => {
  const prefix = `${crypto.randomUUID()}/`;
  return createR2Store({ bucket: env.R2, prefix, partBytes: 5 * mebibyte });
};

describe("KV", () => {
  tryPayloadStore({ create: createKv });

  it("takes 25 MiB and no more, and short lives", async () => {
    const store = createKv();
    await store.put("a", toBytes(25 * mebibyte), { ttlMs: 10 });
    const long = toStream(toBytes(25 * mebibyte + 1), { pieceBytes: mebibyte });
    await assert.rejects(store.put("b", long), /at most 26214400/);
    await assert.rejects(store.put("b", toBytes(25 * mebibyte + 1)), /at most 26214400/);
  });
});

describe("R2", () => {
  tryPayloadStore({ create: createR2, longBytes: 11 * mebibyte });

  it("sweeps what is older, and nothing of others", async () => {
    const prefix = `${crypto.randomUUID()}/`;
    const store = createR2Store({ bucket: env.R2, prefix });
    for (let at = 0; at < 5; at++) await store.put(`${at}`, toBytes(1));
    await env.R2.put(`${prefix}sub/own`, toBytes(1));
    assert.equal(await store.sweep!(60_000), 0);
    assert.equal(await store.sweep!(-60_000), 5);
    assert.equal(await store.get("0"), undefined);
    assert.notEqual(await env.R2.get(`${prefix}sub/own`), null);
  });

  it("takes an answer while it comes", async () => {
    const payloads = createPayloads({ stores: [createR2()] });
    const body = toStream(toBytes(6 * mebibyte), { pieceBytes: 50_000 });
    const ref = await payloads.sink("a")!(body, { contentType: "text/x" }) as PayloadRef;
    assert.equal(ref.size, 6 * mebibyte);
    demandSame(await payloads.unpack({ ref }, "a"), toBytes(6 * mebibyte));
  });
});

export default {
  async fetch(request: Request, bindings: Env): Promise<Response> {
    env = bindings;
    const url = new URL(request.url);
    if (url.pathname === "/tests") return Response.json(collected.map(({ name }) => name));
    try {
      await collected[Number(url.searchParams.get("number"))]!.run();
      return Response.json({});
    } catch (error) {
      return Response.json({ error: (error as Error).stack ?? String(error) });
    }
  },
};
