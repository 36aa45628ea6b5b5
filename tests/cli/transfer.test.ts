/**
 * `millrace export` and `millrace import` on a broker that is served.
 *
 * @module
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, open, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { after, before, beforeEach, describe, it } from "node:test";
import { exportFlags, runExport } from "../../adapters/cli/operator/export.ts";
import { importFlags, runImport } from "../../adapters/cli/operator/import.ts";
import type { Client } from "../../src/client/mod.ts";
import { job, record, serveBroker, type Served } from "./operator-parts.ts";
import { startCli } from "./spawn-cli.ts";

describe("export and import", { timeout: 60_000 }, () => {
  let served: Served;
  let client: Client;
  before(async () => {
    served = await serveBroker();
    ({ client } = served);
  });
  after(() => served.stop());
  beforeEach(() => client.reset());
  const kill = (queue: string) => served.kill(queue);
  const read: Served["read"] = (flags, ...args) => served.read(flags, ...args);

  const dump = async (...args: string[]) => {
    const output = record();
    await runExport(read(exportFlags, ...args).config, output);
    return output;
  };
  const load = async (text: string | Uint8Array, ...args: string[]) => {
    const file = `${await mkdtemp(`${tmpdir()}/millrace-`)}/jobs.ndjson`;
    await writeFile(file, text);
    const output = record();
    const { config } = read(importFlags, ...args);
    return [await runImport([file], config, output), ...output.lines(), ...output.notes].slice(1);
  };

  it("bring jobs to another broker as they were enqueued", async () => {
    const full = {
      ...job("a", { deep: ["\u001b", 1.5, null] }),
      priority: 5,
      readyAt: Date.now() + 3_600_000,
      retryLimit: 3,
      backoff: { exponent: 2, baseMs: 100, jitterMs: 0 },
      retention: { completedMs: 1000, deadMs: 2000 },
      uniqueKey: "k",
      uniqueWhile: "exists",
      tags: ["x"],
      meta: { tenant: "t" },
    } as const;
    await client.enqueue(full);
    await client.enqueueMany(Array.from({ length: 1200 }, (_, n) => job("b", { n })));
    const output = await dump();
    assert.deepEqual(output.notes, ["Exported 1201"]);
    const text = `${output.lines().join("\n")}\n`;
    await client.reset();
    assert.deepEqual(await load(text), ["Imported 1201"]);
    const [restored] = (await client.page({ queue: "a" })).jobs;
    for (const [name, value] of Object.entries(full)) {
      assert.deepEqual(restored![name as keyof typeof restored], value, name);
    }
    const order = await Array.fromAsync(
      client.list({ queue: "b", limit: 2000 }),
      ({ payload }) => (payload as { n: number }).n,
    );
    assert.deepEqual(order, Array.from({ length: 1200 }, (_, n) => n));
  });

  it("take any characters, and no bytes that are none", async () => {
    const payload = { "\u2028": "\u2028\u2029\u0085\u000b\r\n\u0000 \ufeff😀" };
    await client.enqueueMany([job("a", payload), job("a", payload)]);
    const text = (await dump()).lines().join("\n");
    await client.reset();
    assert.deepEqual(await load(`${text}\r\n \t\n`), ["Imported 2"]);
    assert.deepEqual((await client.page({ queue: "a" })).jobs[1]!.payload, payload);
    const latin = Uint8Array.from(JSON.stringify(job("b", "\u00e9")), (sign) => sign.charCodeAt(0));
    await assert.rejects(load(latin), { message: /^Line 1 is no job/ });
  });

  it("fail where the output cannot be written", async (test) => {
    if (!existsSync("/dev/full")) return test.skip("there is no such device here");
    await client.enqueue(job("a"));
    const full = await open("/dev/full", "w");
    const { outcome } = startCli(["export", "--url", served.url], {}, full.fd);
    const { code, stderr } = await outcome;
    await full.close();
    assert.match(stderr, /^millrace: Cannot write the output: .*no space left on device.*\n$/i);
    assert.equal(code, 1);
  });

  it("may be done again after a failure", async () => {
    const lines = Array.from({ length: 700 }, (_, n) => JSON.stringify(job("again", n)));
    const broken = [...lines.slice(0, 600), "{", ...lines.slice(601)].join("\n");
    await assert.rejects(load(broken), { message: /^Line 601 is no job, expected what/ });
    assert.equal(await client.count(), 500);
    await load(lines.join("\n"));
    assert.equal(await client.count(), 700);
  });

  it("pass over what is finished, unless it is wanted", async () => {
    await client.enqueueMany([job("a"), job("a")]);
    await kill("a");
    const text = (await dump("--queue", "a")).lines().join("\n");
    await client.reset();
    assert.deepEqual(await load(text), ["Imported 1, passed over 1 dead"]);
    const [line] = await load(text, "--status", "dead");
    assert.match(String(line), /^Imported 1, passed over 1 (ready|in_flight)$/);
    await assert.rejects(runImport(["none"], read(importFlags).config, record()), {
      name: "UsageError",
      message: /^File 'none' cannot be read/,
    });
  });
});
