import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient } from "../../src/client/mod.ts";
import { msgpackCodec } from "../../src/protocol/msgpack.ts";
import { wireJob } from "./script.ts";
import { formats } from "../support/formats.ts";

const pack = (value: unknown, status = 200) =>
  new Response(msgpackCodec.encode(value), {
    status,
    headers: { "content-type": "application/msgpack" },
  });

/** Answers in MessagePack and keeps what it was sent, decoded. */
function createServer(answer: Response) {
  const bodies: unknown[] = [];
  const headers: Headers[] = [];
  const fetch = async (request: Request) => {
    headers.push(request.headers);
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (bytes.length > 0) bodies.push(msgpackCodec.decode(bytes));
    return answer;
  };
  return { bodies, headers, client: createClient({ fetch, format: formats.msgpack }) };
}

describe("a client that speaks MessagePack", () => {
  it("sends its content type, and leaves out what is not given", async () => {
    const { client, bodies, headers } = createServer(
      pack({ ...wireJob(), duplicate: false, folded: false }, 201),
    );
    const job = await client.enqueue({
      type: "t",
      queue: "q",
      payload: { a: [null], b: undefined },
    });
    assert.equal(job.readyAt, 5);
    assert.deepEqual(bodies, [{ type: "t", queue: "q", payload: { a: [null] } }]);
    assert.equal(headers[0]!.get("content-type"), "application/msgpack");
    assert.equal(headers[0]!.get("accept"), "application/msgpack");
  });

  it("keeps null and absent apart in a patch", async () => {
    const { client, bodies } = createServer(pack(wireJob()));
    await client.patch("x", { retryLimit: null, priority: undefined });
    assert.deepEqual(bodies, [{ retry_limit: null }]);
  });

  it("sends many in one body", async () => {
    const { client, bodies } = createServer(pack({ jobs: [] }));
    await client.enqueueMany([{ type: "t", queue: "q", payload: 1 }]);
    assert.deepEqual(bodies, [{ jobs: [{ type: "t", queue: "q", payload: 1 }] }]);
  });

  it("reads errors in the format that they come in", async () => {
    const inPack = createServer(pack({ error: "job not found" }, 404));
    await assert.rejects(inPack.client.success("x"), { message: "job 'x' not found" });
    const inJson = createServer(Response.json({ error: "not acceptable" }, { status: 406 }));
    await assert.rejects(inJson.client.success("x"), { message: "not acceptable" });
  });
});
