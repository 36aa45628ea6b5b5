/** Tokens in a file that changes. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openTokenFile } from "../../adapters/token-file.ts";
import { createBroker, digestOfToken } from "../../src/broker/mod.ts";
import { loadRuntime } from "../../adapters/cli/runtime.ts";

const runtime = await loadRuntime();

describe("openTokenFile()", () => {
  let folder = "";
  const file = (name: string) => join(folder, name);
  before(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-tokens-"))));
  after(() => rmSync(folder, { recursive: true }));

  const write = async (path: string, names: readonly string[]) => {
    const tokens = await Promise.all(names.map(async (name) => ({
      name,
      sha256: await digestOfToken(name),
      scopes: ["read"],
    })));
    writeFileSync(path, JSON.stringify({ tokens }));
  };
  const ask = (token: string) =>
    new Request("http://broker/queues", { headers: { authorization: `Bearer ${token}` } });

  it("reads it again when it changes, and keeps the last good tokens", async () => {
    const path = file("tokens.json");
    await write(path, ["ada"]);
    const lines: string[] = [];
    const note = (message: string) => void lines.push(message);
    const logger = { debug: note, info: note, warn: note, error: note };
    const authenticate = await openTokenFile(path, { intervalMs: 0, logger });
    const names = async () => {
      const grants = await Promise.all(["ada", "grace"].map((token) => authenticate(ask(token))));
      return grants.map((grant) => grant?.name);
    };
    assert.deepEqual(await names(), ["ada", undefined]);
    await write(path, ["ada", "grace"]);
    assert.deepEqual(await names(), ["ada", "grace"]);
    await write(path, ["grace"]);
    assert.deepEqual(await names(), [undefined, "grace"]);
    writeFileSync(path, '{"tokens": [{"name": "grace"}]}');
    assert.deepEqual(await names(), [undefined, "grace"]);
    rmSync(path);
    assert.deepEqual(await names(), [undefined, "grace"]);
    assert.deepEqual(lines, [
      "Read 2 tokens again",
      "Read 1 tokens again",
      "Cannot read the tokens again, the last ones hold",
      "Cannot read the tokens again, the last ones hold",
    ]);
  });

  it("refuses a file that is not there, or not as it has to be, by name", async () => {
    const cases: [name: string, text: string | undefined, message: RegExp][] = [
      ["missing.json", undefined, /Cannot use token file '.*missing\.json': .*ENOENT/],
      ["empty.json", "", /empty\.json': /],
      ["null.json", "null", /null\.json': expected \{"tokens": \[…\]\}/],
      [
        "digest.json",
        '{"tokens": [{"name": "a", "scopes": ["read"]}]}',
        /tokens\[0\]: 'sha256' must be/,
      ],
      ["scope.json", '{"clients": [{"name": "a"}]}', /clients\[0\]: 'scopes' is undefined/],
      [
        "digest-of-client.json",
        '{"clients": [{"name": "a", "scopes": ["read"], "sha256": "x"}]}',
        /clients\[0\]: unknown member 'sha256'/,
      ],
      [
        "twice.json",
        '{"clients": [{"name": "a", "scopes": ["read"]}, {"name": "a", "scopes": ["work"]}]}',
        /two have the same name/,
      ],
      ["clients.json", '{"tokens": [], "clients": {}}', /expected \{"clients": \[…\]\}/],
    ];
    for (const [name, text, message] of cases) {
      if (text !== undefined) writeFileSync(file(name), text);
      await assert.rejects(openTokenFile(file(name)), { name: "TypeError", message });
    }
  });
});

describe("serve()", () => {
  it("does not let everybody of a network do everything, unless it is told to", async () => {
    const open = createBroker({ store: runtime.openSqlite(":memory:") });
    const store = runtime.openSqlite(":memory:");
    const guarded = createBroker({ store, auth: () => undefined });
    const host = "0.0.0.0";
    const refusal = {
      name: "TypeError",
      message: /on '0\.0\.0\.0' where anyone may do everything/,
    };
    try {
      for (const handler of [open, open.fetch, open.localFetch, guarded.localFetch]) {
        await assert.rejects(runtime.serve(handler, { host, port: 0 }), refusal);
      }
      for (
        const server of [
          await runtime.serve(open, { host, port: 0, allowAnyone: true }),
          await runtime.serve(guarded, { host, port: 0 }),
          await runtime.serve(() => new Response("hello"), { host, port: 0 }),
        ]
      ) {
        await server.stop({ timeoutMs: 0 });
      }
    } finally {
      await Promise.all([open.stop(), guarded.stop()]);
    }
  });
});
