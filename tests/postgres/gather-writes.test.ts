/** Statements that go out together. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gatherWrites } from "../../adapters/postgres/gather-writes.ts";
import type { PgClient } from "../../adapters/postgres/mod.ts";

/** A client whose socket writes down what it is told. */
function createClient(pipeline: boolean) {
  const log: string[] = [];
  const client: PgClient = {
    pipeline,
    connection: {
      stream: { cork: () => void log.push("cork"), uncork: () => void log.push("uncork") },
    },
    query(query) {
      log.push(query.text);
      return Promise.resolve({ rows: [], rowCount: 0 });
    },
    release() {},
    on() {},
    off() {},
  };
  return { client, log };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

describe("gatherWrites()", () => {
  it("sends as one piece what follows without a wait", async () => {
    const { client, log } = createClient(true);
    const gathered = gatherWrites(client);
    void gathered.query({ text: "a" });
    await Promise.resolve();
    await Promise.resolve();
    void gathered.query({ text: "b" });
    await turn();
    void gathered.query({ text: "c" });
    await turn();
    assert.deepEqual(log, ["cork", "a", "b", "uncork", "cork", "c", "uncork"]);
  });

  it("leaves a client as it is that waits for each answer", () => {
    const { client } = createClient(false);
    assert.equal(gatherWrites(client), client);
  });

  it("leaves a client as it is whose socket cannot wait", () => {
    const { connection: _, ...client } = createClient(true).client;
    assert.equal(gatherWrites(client), client);
  });
});
