/**
 * Tokens as an operator makes and uses them.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { digestOfToken } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { assertOneLine, runCli, startCli } from "./spawn-cli.ts";

const limit = { timeout: 60_000 };

describe("millrace token", () => {
  let folder = "";
  const file = (name: string) => join(folder, name);
  before(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-token-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("makes tokens that a broker lets in, and those of its admin port", limit, async () => {
    const tokens = file("tokens.json");
    const make = async (...flags: string[]) => {
      const { code, stdout, stderr } = await runCli([
        "token",
        "new",
        "--auth-file",
        tokens,
        ...flags,
      ]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^mr_[0-9a-f]{64}\n$/);
      return stdout.trim();
    };
    writeFileSync(tokens, '{"clients":[{"name":"ada","scopes":["read"]}]}', { mode: 0o600 });
    const edge = await make("--name", "edge", "--scope", "enqueue", "--type", "mail.*,sms");
    const root = await make("--name", "root", "--scope", "admin");
    if (process.platform !== "win32") assert.equal(statSync(tokens).mode & 0o777, 0o600);
    const text = readFileSync(tokens, "utf8");
    assert.deepEqual(JSON.parse(text).tokens[0], {
      name: "edge",
      sha256: await digestOfToken(edge),
      scopes: ["enqueue"],
      types: ["mail.*", "sms"],
    });
    assert.equal(JSON.parse(text).clients[0].name, "ada"); // What else is there stays.
    assert.ok(!text.includes(edge) && !text.includes(root));

    const cli = startCli([
      ...["serve", "--port", "0", "--admin-port", "0", "--data", file("jobs.db")],
      ...["--auth-file", tokens, "--log-format", "json"],
    ]);
    const [url, adminUrl] = [await cli.url, await cli.adminUrl];
    const client = createClient({ url, token: edge });
    await client.enqueue({ type: "mail.welcome", queue: "mail", payload: 1 });
    const refused = { code: "refused", status: 403 };
    await assert.rejects(client.enqueue({ type: "pay", queue: "pay", payload: 1 }), refused);
    await assert.rejects(client.count(), refused);
    assert.equal(await createClient({ url, token: root }).count(), 1);

    const backup = ["backup", "--url", adminUrl, file("backup.tar.gz")];
    assertOneLine(await runCli(backup), 1, /401 .*a token is needed.*--token.*MILLRACE_TOKEN/);
    assert.equal((await runCli(backup, { MILLRACE_TOKEN: root })).code, 0);
    cli.kill("SIGTERM");
    const { stderr } = await cli.outcome;
    assert.ok(!stderr.includes(edge) && !stderr.includes(root), "no token is in the log");
  });

  it(
    "loses none that are made at once, and leaves a link to the file as it is",
    limit,
    async () => {
      const tokens = file("shared.json");
      const link = file("link.json");
      writeFileSync(tokens, '{"tokens":[]}', { mode: 0o600 });
      symlinkSync(tokens, link);
      const ends = await Promise.all(
        Array.from(
          { length: 6 },
          (_, at) =>
            runCli(["token", "new", "--auth-file", link, "--name", `n${at}`, "--scope", "read"]),
        ),
      );
      assert.deepEqual(
        ends.map(({ code }) => code),
        Array(6).fill(0),
      );
      assert.ok(lstatSync(link).isSymbolicLink());
      const names = JSON.parse(readFileSync(tokens, "utf8")).tokens.map((one: { name: string }) =>
        one.name
      );
      assert.deepEqual(names.sort(), ["n0", "n1", "n2", "n3", "n4", "n5"]);
      assert.deepEqual(readdirSync(folder).filter((name) => /lock|json-/.test(name)), []);
    },
  );

  it("prints what a broker has to know where there is no file", limit, async () => {
    const { stdout } = await runCli(["token", "new", "--scope", "read,work", "--queue", "mail"]);
    const [token, , , , ...rest] = stdout.split("\n");
    const { tokens } = JSON.parse(rest.join("\n"));
    assert.equal(tokens[0].sha256, await digestOfToken(token!));
    assert.deepEqual([tokens[0].scopes, tokens[0].queues], [["read", "work"], ["mail"]]);
  });

  it("says in one line what it cannot do", limit, async () => {
    assertOneLine(await runCli(["token"]), 2, /is called '', expected 'new'/);
    assertOneLine(
      await runCli(["token", "new", "--scope", "reed"]),
      2,
      /'reed', expected some of read/,
    );
    const bad = ["token", "new", "--type", "a*b"];
    assertOneLine(await runCli(bad), 2, /'types' has "a\*b"/);
    const missing = [
      "serve",
      "--port",
      "0",
      "--data",
      ":memory:",
      "--auth-file",
      file("none.json"),
    ];
    assertOneLine(await runCli(missing), 2, /Cannot use token file '.*none\.json'/);
    const open = ["serve", "--port", "0", "--host", "0.0.0.0", "--data", ":memory:"];
    assertOneLine(await runCli(open), 2, /'0\.0\.0\.0' where anyone may do everything/);
    const admin = ["serve", "--port", "0", "--admin-port", "0", "--admin-host", "0.0.0.0"];
    assertOneLine(
      await runCli([...admin, "--data", ":memory:"]),
      2,
      /'--admin-host' is '0\.0\.0\.0'/,
    );
  });
});
