/** `millrace outbox` on a file of SQLite that an application has open. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import type { Person } from "../../adapters/cli/operator/confirm.ts";
import { outboxFlags, runOutbox } from "../../adapters/cli/operator/outbox.ts";
import { readCommandLine } from "../../adapters/cli/options.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createOutbox } from "../../src/outbox/mod.ts";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import { record } from "./operator-parts.ts";
import { assertOneLine, runCli } from "./spawn-cli.ts";

const limit = { timeout: 60_000 };
const nobody: Person = { ask: undefined };

describe("millrace outbox", limit, () => {
  let folder = "";
  let data = "";
  let db: DatabaseSync;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-outbox-"));
    data = join(folder, "shop.db");
    db = new DatabaseSync(data);
    db.exec(createOutbox({ dialect: "sqlite" }).sql);
  });
  afterEach(() => db.exec("DELETE FROM millrace_outbox; DELETE FROM millrace_outbox_refused"));
  after(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });

  const refuse = (entry: number | string, job: string, reason = "no") =>
    db.prepare(
      `INSERT INTO millrace_outbox_refused (entry, id, stored_at, job, refused_at, reason)
        VALUES (CAST(? AS INTEGER), 'id', 5, ?, 6, ?)`,
    ).run(String(entry), job, reason);
  const refuseMany = (count: number, job: (entry: number) => string) => {
    db.exec("BEGIN");
    for (let entry = 1; entry <= count; entry++) refuse(entry, job(entry));
    db.exec("COMMIT");
  };
  const one = (queue = "q") => JSON.stringify({ type: "mail", queue, payload: { to: "Ada" } });
  const left = (table: string) =>
    db.prepare(`SELECT CAST(entry AS TEXT) AS entry FROM ${table} ORDER BY ${table}.entry`).all()
      .map(({ entry }) => entry);
  const run = async (args: string[], output = record(), person = nobody) => {
    const { config } = readCommandLine(outboxFlags, ["--data", data, ...args], {});
    await runOutbox(config, { output, person });
    return output;
  };

  it("lists what was refused as lines of JSON, with the job if somebody wants it", async () => {
    refuse(10, one());
    refuse(9, "no JSON");
    refuse("9007199254740993", '{"queue":"a\\u0000","type":"\\ud83d\\ude00"}');
    const head = { id: "id", reason: "no", storedAt: 5, refusedAt: 6 };
    const read = async (...args: string[]) =>
      (await run(args)).lines().map((line) => JSON.parse(line));
    assert.deepEqual(await read(), [
      { ...head, entry: 9, bytes: 7 },
      { ...head, entry: 10, type: "mail", queue: "q", bytes: one().length },
      { ...head, entry: "9007199254740993", type: "😀", queue: "a\u0000", bytes: 41 },
    ]);
    assert.deepEqual((await read("--job", "--limit", "2")).map(({ job }) => job), [
      "no JSON",
      JSON.parse(one()),
    ]);
  });

  it("shows a table that fits the terminal, and in it no control character", async () => {
    refuse(
      1,
      JSON.stringify({ type: "a\u001b[31m", queue: "q", payload: "\u009b31m" }),
      "a\u0007\u009b",
    );
    const output = await run(["--job"], record(true, 70));
    const [titles, row] = output.lines();
    assert.match(titles!, /^ENTRY +REFUSED +TYPE +QUEUE +REASON +JOB$/);
    assert.match(row!, /^ +1 +\d+ d ago +a\\u001b.* q +a\\u0007\\u009b +\{"type.*…$/);
    const lines = (await run(["--json", "--job"], record(true))).lines();
    assert.deepEqual(JSON.parse(lines[0]!).job.payload, "\u009b31m");
    for (const line of [titles!, row!, ...lines]) assert.doesNotMatch(line, /\p{Cc}/u);
    refuse(2, one());
    const notes = (await run(["--limit", "1"], record(true))).notes;
    assert.deepEqual(notes, ["There are more: '--limit' says how many are shown"]);
    db.exec("DELETE FROM millrace_outbox_refused");
    assert.deepEqual((await run([], record(true))).notes, ["Nothing is refused"]);
  });

  it("goes on page by page, and tells the type of a long job without reading it", async () => {
    const long = { type: "t", delay_ms: 5, queue: 'q"', payload: "x".repeat(3 * 1024 * 1024) };
    refuseMany(450, (entry) => entry > 446 ? JSON.stringify(long) : one());
    assert.deepEqual((await run([])).lines().length, 450);
    assert.deepEqual((await run(["--limit", "200"])).lines().length, 200);
    assert.deepEqual((await run([], record(true))).lines().length, 51);
    const [last] = (await run([])).lines().slice(-1);
    assert.deepEqual([JSON.parse(last!).type, JSON.parse(last!).queue], ["t", 'q"']);
    assert.ok(last!.length < 200);
    const jobs = (await run(["--job"])).lines().slice(-4).map((line) => JSON.parse(line).job);
    assert.deepEqual(jobs, [long, long, long, long]);
  });

  it("puts back what is named, or nothing of it", async () => {
    for (const entry of [1, 2, 3]) refuse(entry, one());
    await assert.rejects(run(["--retry", "3,4"]), /No refused job has the number 4; nothing is/);
    assert.deepEqual(left("millrace_outbox_refused"), ["1", "2", "3"]);
    assert.deepEqual((await run(["--retry", "3", "--retry", "1"])).lines(), ["Retried 2"]);
    assert.deepEqual(left("millrace_outbox_refused"), ["2"]);
    const back = db.prepare("SELECT id, stored_at, job, held_until FROM millrace_outbox").all();
    const entry = { id: "id", stored_at: 5, job: one(), held_until: null };
    assert.deepEqual(back.map((row) => ({ ...row })), [entry, entry]);
  });

  it("asks before it changes many", async () => {
    refuseMany(2100, () => one());
    const questions: string[] = [];
    const say = (answer: string): Person => ({
      ask(question) {
        questions.push(question);
        return Promise.resolve(answer);
      },
    });
    const no = await run(["--delete", "all"], record(), say("n"));
    assert.deepEqual([no.lines(), no.notes], [[], ["Nothing is changed"]]);
    const ten = Array.from({ length: 10 }, (_, at) => at + 1).join();
    await run(["--delete", ten], record(), say(""));
    assert.deepEqual(questions, [
      "Delete 2100 jobs of the outbox (all)? [y/N] ",
      "Delete 10 jobs of the outbox? [y/N] ",
    ]);
    await assert.rejects(run(["--retry", "all"]), /Retry 2100 jobs .*say so with '--yes'/);
    assert.deepEqual((await run(["--retry", "all", "--yes"])).lines(), ["Retried 2100"]);
    assert.equal(left("millrace_outbox").length, 2100);
    assert.deepEqual((await run(["--delete", "all"])).lines(), ["Deleted 0"]);
    refuse(1, one());
    assert.deepEqual((await run(["--delete", "1"])).lines(), ["Deleted 1"]);
  });

  it("changes nothing when it cannot change all of a piece", async () => {
    refuse(1, one());
    refuse(2, one("full"));
    db.exec(`CREATE TRIGGER full BEFORE INSERT ON millrace_outbox WHEN NEW.job LIKE '%full%'
      BEGIN SELECT RAISE(ABORT, 'no more'); END`);
    await assert.rejects(run(["--retry", "1,2"]), {
      name: "StoreError",
      message: `Cannot use database '${data}': no more`,
    });
    db.exec("DROP TRIGGER full");
    assert.deepEqual([left("millrace_outbox").length, left("millrace_outbox_refused").length], [
      0,
      2,
    ]);
  });

  it("says plainly what is wrong", async () => {
    const mistakes: [args: string[], message: RegExp][] = [
      [["--data", join(folder, "no.db")], /^Database '.*no\.db' does not exist$/],
      [["--outbox", "other"], /has no table 'other_refused': expected the file of an application/],
      [["--schema", "s"], /^Cannot use 'schema' with SQLite/],
      [["--outbox", "x".repeat(60)], /^Cannot use '--outbox' .*: expected 1 to 55 bytes$/],
      [["--retry", "1", "--delete", "2"], /^Flags '--retry' and '--delete' are given/],
      [["--retry", "a"], /^Flag '--retry' is 'a', expected numbers of entries with commas/],
      [["--retry", "1,all"], /^Flag '--retry' is '1,all', expected numbers/],
      [["--data", "mysql://u:secret@h/d"], /^Flag '--data' is an address .* 'mysql:\/\/'/],
      [["--data", "postgres://u:secret@h:99999/d"], /^Flag '--data' has the server/],
    ];
    for (const [args, message] of mistakes) {
      await assert.rejects(run(args), (error: Error) => {
        assert.match(error.message, message);
        assert.match(error.name, /^(UsageError|StoreError)$/);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      });
    }
    writeFileSync(
      join(folder, "text.db"),
      "no database, but long enough to be looked at".repeat(20),
    );
    await assert.rejects(run(["--data", join(folder, "text.db")]), /is not a database$/);
  });

  it("leaves the file of a broker alone, which has none", async () => {
    const file = join(folder, "jobs.db");
    const { openSqlite } = await loadRuntime();
    const broker = createBroker({ store: openSqlite(file) });
    await broker.start();
    assertOneLine(
      await runCli(["outbox"], { MILLRACE_DATA: file }),
      1,
      /^millrace: Cannot use database '.*jobs\.db': .*locked: a program has it to itself/m,
    );
    await broker.stop();
    assertOneLine(
      await runCli(["outbox", "--data", file]),
      1,
      /^millrace: Database '.*jobs\.db' has no table 'millrace_outbox_refused': /m,
    );
    assertOneLine(
      await runCli(["outbox"]),
      2,
      /^millrace: No database is given, expected '--data'/m,
    );
  });
});
