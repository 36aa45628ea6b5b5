/**
 * A real server of S3, if one is named: `MILLRACE_S3=http://127.0.0.1:4568 MILLRACE_S3_KEY=S3RVER:S3RVER`. The bucket
 * `millrace` has to be there.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { env } from "node:process";

import { createS3Store } from "../../../src/offload/mod.ts";
import { toBytes, toStream, tryPayloadStore } from "../payloads/store-suite.ts";

const { MILLRACE_S3: endpoint, MILLRACE_S3_KEY: key = ":" } = env;
const skip = endpoint === undefined && "no server is named by MILLRACE_S3";

describe("a payload store on a real server of S3", { skip }, () => {
  const [accessKeyId, secretAccessKey] = key.split(":") as [string, string];
  const create = () =>
    createS3Store({
      endpoint: endpoint!,
      bucket: "millrace",
      credentials: { accessKeyId, secretAccessKey },
      prefix: `a b/ü(1)/${crypto.randomUUID()}/`,
      partBytes: 5 * 1024 * 1024,
    });
  if (skip) return;
  tryPayloadStore({ create, longBytes: 12_000_000 });

  it("refuses another key", async () => {
    const credentials = { accessKeyId, secretAccessKey: "other" };
    const store = createS3Store({ endpoint: endpoint!, bucket: "millrace", credentials });
    await assert.rejects(store.put("a", toBytes(1)), /403 SignatureDoesNotMatch/);
  });

  it("sweeps", async () => {
    const store = create();
    await store.put("a", toStream(toBytes(6_000_000)));
    assert.equal(await store.sweep!(3_600_000), 0);
    assert.equal(await store.sweep!(-3_600_000), 1);
    assert.equal(await store.get("a"), undefined);
  });
});
