/**
 * `millrace serve` with TLS and on a unix socket, and the commands that ask it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { createAuthority, type Pair } from "../support/certificates.ts";
import { assertOneLine, runCli, startCli } from "./spawn-cli.ts";

const limit = { timeout: 60_000 };
const authority = createAuthority("Test authority");

describe("the command line, over TLS and unix sockets", () => {
  let folder = "";
  const file = (name: string) => join(folder, name);
  const save = (name: string, { cert, key }: Pair) => {
    writeFileSync(file(`${name}.pem`), cert);
    writeFileSync(file(`${name}.key`), key);
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-tls-"));
    writeFileSync(file("ca.pem"), authority.cert);
    save("broker", authority.issue({ name: "broker", addresses: [[127, 0, 0, 1]] }));
    save("ada", authority.issue({ name: "ada" }));
    save("bob", authority.issue({ name: "bob" }));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("a certificate of the right name comes in, by flags and by variables", limit, async () => {
    const args = ["serve", "--port", "0", "--data", ":memory:", "--admin-port", "0"];
    args.push("--tls-cert", file("broker.pem"), "--tls-key", file("broker.key"));
    args.push("--client-ca", file("ca.pem"), "--client-names", "ada");
    const cli = startCli(args);
    const url = await cli.url;
    assert.match(url, /^https:\/\/127\.0\.0\.1:\d+$/);
    const as = (name: string) => ({
      MILLRACE_CA: file("ca.pem"),
      MILLRACE_CLIENT_CERT: file(`${name}.pem`),
      MILLRACE_CLIENT_KEY: file(`${name}.key`),
    });
    const [ls, refused, compacted] = await Promise.all([
      runCli([
        ...["ls", "--count", "--url", url, "--ca", file("ca.pem")],
        ...["--client-cert", file("ada.pem"), "--client-key", file("ada.key")],
      ]),
      runCli(["queues", "--url", url], as("bob")),
      runCli(["compact", "--url", await cli.adminUrl], as("ada")),
    ]);
    assert.equal(ls.stdout, "0\n", ls.stderr);
    assertOneLine(refused, 1, /client is not allowed/);
    assert.equal(compacted.stdout, "Compacted\n", compacted.stderr);
    cli.kill("SIGTERM");
    assert.equal((await cli.outcome).code, 0);
  });

  it("a unix socket is asked by its path, and gone with the broker", {
    ...limit,
    skip: process.platform === "win32",
  }, async () => {
    const socket = file("broker.sock");
    const cli = startCli(["serve", "--socket", socket, "--data", ":memory:"]);
    assert.equal(await cli.url, `unix:${socket}`);
    const enqueued = await runCli(["enqueue", "a", "1", "--queue", "b", "--socket", socket]);
    assert.equal(enqueued.code, 0, enqueued.stderr);
    cli.kill("SIGTERM");
    assert.equal((await cli.outcome).code, 0);
    assert.equal(existsSync(socket), false);
  });

  it("says in one line what is wrong with files and flags", limit, async () => {
    const [half, none, swapped, client] = await Promise.all([
      runCli(["serve", "--data", ":memory:", "--tls-cert", file("broker.pem")]),
      runCli(["ls", "--ca", file("none.pem")]),
      runCli([
        ...["serve", "--data", ":memory:", "--port", "0"],
        ...["--tls-cert", file("broker.pem"), "--tls-key", file("ada.key")],
      ]),
      runCli(["ls", "--client-cert", file("ada.pem")]),
    ]);
    assertOneLine(half, 2, /TLS needs both '--tls-cert' and '--tls-key'/);
    assertOneLine(none, 2, /Flag '--ca' names a file that cannot be read: .*none\.pem/);
    assert.match(swapped.stderr, /'tls.key' is not the key of 'tls.cert'/);
    assert.equal(swapped.code, 2);
    assertOneLine(client, 2, /Option 'cert' is given without 'key'/);
  });
});
