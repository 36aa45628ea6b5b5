/**
 * `millrace backup` and `millrace compact` as an operator sees them: on a broker under load, on a file, with errors.
 *
 * @module
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Readable } from "node:stream";
import { after, before, describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { readBackup } from "../support/read-backup.ts";
import { assertOneLine, runCli, startCli } from "./spawn-cli.ts";

const limit = { timeout: 60_000 };

async function enqueue(url: string, count: number): Promise<string[]> {
  const job = { type: "a", queue: "b", payload: "x".repeat(500) };
  const answer = await fetch(`${url}/jobs/bulk`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jobs: Array.from({ length: count }, () => job) }),
  });
  return (await answer.json()).jobs.map(({ id }: { id: string }) => id);
}

async function listIds(url: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let next: string | null = "/jobs?limit=2000"; next !== null;) {
    const answer: Response = await fetch(url + next);
    const page = await answer.json();
    for (const { id } of page.jobs) ids.add(id);
    next = page.pages.next;
  }
  return ids;
}

/** Writes the database of a backup to `path`. */
async function restore(backup: string, path: string): Promise<void> {
  const stream = Readable.toWeb(createReadStream(backup)) as ReadableStream<Uint8Array>;
  writeFileSync(path, (await readBackup(stream)).file);
}

describe("millrace backup and compact", () => {
  let folder = "";
  const file = (name: string) => join(folder, name);
  const leftovers = () => readdirSync(folder).filter((name) => name.endsWith(".part"));
  before(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-upkeep-"))));
  after(() => rmSync(folder, { recursive: true }));

  it(
    "backup has every job that was accepted before it, from a broker under load",
    limit,
    async () => {
      const broker = startCli([
        "serve",
        "--port",
        "0",
        "--admin-port",
        "0",
        "--data",
        file("a.db"),
      ]);
      const [url, adminUrl] = [await broker.url, await broker.adminUrl];
      const accepted: string[] = [];
      for (let at = 0; at < 10; at++) accepted.push(...await enqueue(url, 1000));

      let loading = true;
      let meanwhile = 0;
      const load = Array.from({ length: 3 }, async () => {
        for (; loading; meanwhile += 10) await enqueue(url, 10);
      });
      const outcome = await runCli(["backup", "--url", adminUrl, file("a.tar.gz")]);
      loading = false;
      await Promise.all(load);
      assert.equal(outcome.stderr, "");
      const { size } = statSync(file("a.tar.gz"));
      assert.equal(outcome.stdout, `Saved ${size} bytes to ${file("a.tar.gz")}\n`);
      assert.ok(meanwhile > 0);
      assert.equal((await listIds(url)).size, accepted.length + meanwhile);
      broker.kill("SIGTERM");
      assert.equal((await broker.outcome).code, 0);

      await restore(file("a.tar.gz"), file("restored.db"));
      const restored = startCli(["serve", "--port", "0", "--data", file("restored.db")]);
      const found = await listIds(await restored.url);
      assert.deepEqual(accepted.filter((id) => !found.has(id)), []);
      assert.equal((await enqueue(await restored.url, 1)).length, 1);
      restored.kill("SIGTERM");
      assert.equal((await restored.outcome).code, 0);
    },
  );

  it("both work on the file of a broker that does not run", limit, async () => {
    const broker = startCli(["serve", "--port", "0", "--data", file("b.db")]);
    const url = await broker.url;
    await enqueue(url, 2000);
    const inUse = await runCli(["backup", "--data", file("b.db"), file("b.tar.gz")]);
    assertOneLine(inUse, 1, /^millrace: Database 'b\.db' is in use by another broker$/m);
    await fetch(`${url}/jobs?queue=b`, { method: "DELETE" });
    broker.kill("SIGTERM");
    await broker.outcome;
    const before = statSync(file("b.db")).size;

    assert.equal((await runCli(["compact", "--data", file("b.db")])).stdout, "Compacted\n");
    assert.ok(statSync(file("b.db")).size < before / 2);
    const saved = await runCli(["backup", "--data", file("b.db"), file("b.tar.gz")]);
    assert.equal(saved.code, 0, saved.stderr);
    await restore(file("b.tar.gz"), file("b2.db"));
    assert.equal(statSync(file("b2.db")).size, statSync(file("b.db")).size);

    const missing = await runCli(["backup", "--data", file("no.db"), file("no.tar.gz")]);
    assertOneLine(missing, 1, /^millrace: Database '.*no\.db' does not exist$/m);
    assert.equal(existsSync(file("no.db")), false);
  });

  it("compact makes the file of a running broker smaller", limit, async () => {
    const broker = startCli(["serve", "--port", "0", "--admin-port", "0", "--data", file("c.db")]);
    const [url, adminUrl] = [await broker.url, await broker.adminUrl];
    await enqueue(url, 2000);
    await fetch(`${url}/reset`, { method: "POST" });
    const outcome = await runCli(["compact", "--url", adminUrl]);
    assert.deepEqual(outcome, { code: 0, stdout: "Compacted\n", stderr: "" });
    assert.ok(statSync(file("c.db")).size < 400_000);
    broker.kill("SIGTERM");
    assert.equal((await broker.outcome).code, 0);
  });

  it("both fail with one line when they cannot use the broker", limit, async () => {
    const broker = startCli(["serve", "--port", "0", "--data", ":memory:", "--admin-port", "0"]);
    const [url, adminUrl] = [await broker.url, await broker.adminUrl];
    const wrongPort = await runCli(["compact", "--url", url]);
    assertOneLine(wrongPort, 1, /\/compact answered 404 .*, is that the broker's admin port\?$/m);
    const inMemory = await runCli(["backup", "--url", adminUrl, file("d.tar.gz")]);
    assertOneLine(inMemory, 1, /^millrace: POST http:\/\/\S+\/backup answered 500 backup failed$/m);
    broker.kill("SIGTERM");
    await broker.outcome;
    const gone = await runCli(["backup", "--url", adminUrl, file("d.tar.gz")]);
    assertOneLine(
      gone,
      1,
      /^millrace: Cannot reach http:\/\/\S+\/backup: does a broker run there/m,
    );
    assert.equal(existsSync(file("d.tar.gz")), false);
  });

  it("backup keeps the last file when the connection breaks", limit, async () => {
    writeFileSync(file("e.tar.gz"), "the last one");
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "application/gzip" });
      response.write(new Uint8Array(100_000));
      setImmediate(() => response.destroy());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const outcome = await runCli(["backup", "--force", "--url", url, file("e.tar.gz")]);
    server.close();
    assertOneLine(outcome, 1, /^millrace: Cannot back up to '.*e\.tar\.gz': .+$/m);
    assert.equal(readFileSync(file("e.tar.gz"), "utf8"), "the last one");
    assert.deepEqual(leftovers(), []);
  });

  it("backup replaces no file unless it is told to, and follows no link", limit, async () => {
    makeDatabase(file("f.db"));
    writeFileSync(file("f.tar.gz"), "the last one");
    writeFileSync(file("victim"), "precious");
    symlinkSync(file("victim"), file("link.tar.gz"));
    symlinkSync(file("nowhere"), file("dangling.tar.gz"));
    symlinkSync(file("victim"), file("f.tar.gz.part"));
    const backup = (...args: string[]) => runCli(["backup", "--data", file("f.db"), ...args]);
    for (const name of ["f.tar.gz", "link.tar.gz", "dangling.tar.gz"]) {
      const refused = await backup(file(name));
      assertOneLine(
        refused,
        1,
        /^millrace: Cannot back up to '.*': it is there already, '--force' replaces it$/m,
      );
    }
    assert.equal(readFileSync(file("f.tar.gz"), "utf8"), "the last one");
    for (const name of ["f.tar.gz", "link.tar.gz"]) {
      const saved = await backup("--force", file(name));
      assert.equal(saved.code, 0, saved.stderr);
      assert.ok(lstatSync(file(name)).isFile());
      if (process.platform !== "win32") assert.equal(statSync(file(name)).mode & 0o777, 0o600);
    }
    assert.equal(readFileSync(file("victim"), "utf8"), "precious");
    assert.equal(existsSync(file("nowhere")), false);
    assert.deepEqual(leftovers(), ["f.tar.gz.part"]);
    rmSync(file("f.tar.gz.part"));
  });

  it("backup cleans up when a signal ends it", limit, async () => {
    const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "application/gzip" });
      response.write(new Uint8Array(100_000), () => onAsked());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const backup = startCli(["backup", "--url", `http://127.0.0.1:${port}`, file("g.tar.gz")]);
    await asked;
    backup.kill("SIGTERM");
    assertOneLine(await backup.outcome, 1, /^millrace: Stopped by SIGTERM$/m);
    server.closeAllConnections();
    server.close();
    assert.deepEqual(leftovers(), []);
    assert.equal(existsSync(file("g.tar.gz")), false);
  });
});

/** Makes a database that no broker has open. */
function makeDatabase(path: string): void {
  const database = openSqlite(path);
  database.open();
  database.script("CREATE TABLE t (a)");
  database.close();
}
