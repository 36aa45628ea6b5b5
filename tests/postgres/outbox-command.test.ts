/** `millrace outbox` on a real PostgreSQL, with brokers beside it. */

import assert from "node:assert/strict";
import { afterEach, it } from "node:test";
import type { Person } from "../../adapters/cli/operator/confirm.ts";
import { outboxFlags, runOutbox } from "../../adapters/cli/operator/outbox.ts";
import { readCommandLine } from "../../adapters/cli/options.ts";
import { createOutbox, type TransactionLike } from "../../src/outbox/mod.ts";
import { record } from "../cli/operator-parts.ts";
import { endOpened } from "./brokers-kit.ts";
import { ask, type SharedOutbox, startWithOutbox, untilSoon } from "./outbox-kit.ts";
import { describePostgres, postgresUrl, sharedPool } from "./server.ts";

const nobody: Person = { ask: undefined };

async function run(...args: string[]): Promise<string[]> {
  const { config } = readCommandLine(outboxFlags, ["--data", postgresUrl, ...args], {});
  const output = record();
  await runOutbox(config, { output, person: nobody });
  return output.lines();
}

/** As a user who may log in, and no more. */
async function withRole(work: (role: string, url: string) => Promise<void>): Promise<void> {
  const role = `ops_${crypto.randomUUID().slice(0, 8)}`;
  const url = new URL(postgresUrl);
  const password = crypto.randomUUID();
  Object.assign(url, { username: role, password });
  await ask(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  try {
    await work(role, url.href);
  } finally {
    await ask(`DROP OWNED BY ${role}`);
    await ask(`DROP ROLE ${role}`);
  }
}

describePostgres("millrace outbox", () => {
  afterEach(endOpened);

  it("shows what a broker refused, which is a job once it was mended and put back", async () => {
    const brokers = await startWithOutbox(1);
    const [{ client, schema, outbox, errors }] = brokers as [SharedOutbox];
    await ask(`INSERT INTO ${schema}.outbox (id, job) VALUES
      ('mended', '{"type":"no, name","queue":"q","payload":{"to":"Ada"}}'), (NULL, 'no JSON')`);
    await brokers[0]!.clock.advance(10_000);
    const pool = sharedPool() as unknown as TransactionLike;
    const count = async () => (await outbox.refused(pool).list()).length;
    await untilSoon(brokers, async () => await count() === 2, "both were refused");
    const [first, second] = (await run("--schema", schema)).map((line) => JSON.parse(line));
    assert.deepEqual([first.id, first.type, first.queue], ["mended", "no, name", "q"]);
    assert.equal(first.reason, "type must not contain ','");
    assert.equal(first.bytes, 54);
    assert.equal(typeof first.refusedAt, "number");
    assert.deepEqual([second.type, "job" in second], [undefined, false]);
    const [, job] = (await run("--schema", schema, "--job")).map((line) => JSON.parse(line).job);
    assert.equal(job, "no JSON");
    await ask(
      `UPDATE ${schema}.outbox_refused SET job = replace(job, 'no, name', 'name') WHERE id = 'mended'`,
    );
    assert.deepEqual(await run("--schema", schema, "--retry", `${first.entry}`), ["Retried 1"]);
    // It is told: no clock moves by as much as a look takes.
    await untilSoon(brokers, async () => await client.count() === 1, "it was a job");
    assert.equal((await client.get("mended")).type, "name");
    assert.deepEqual(await run("--schema", schema, "--delete", "all", "--yes"), ["Deleted 1"]);
    assert.equal(await count(), 0);
    assert.ok(errors.length > 0);
  });

  it("has entries in their order, and all of them, in an outbox of an application", async () => {
    const [{ schema }] = await startWithOutbox(1) as [SharedOutbox];
    const place = { schema, table: "of a shop" };
    await ask(createOutbox(place).sql);
    try {
      await ask(`INSERT INTO ${schema}."of a shop_refused" (entry, job, refused_at, reason)
        SELECT n, CASE n WHEN 7 THEN repeat('x', 3000000) ELSE '{}' END, 5, 'no' FROM generate_series(1, 1203) AS n`);
      const at = ["--schema", schema, "--outbox", "of a shop"];
      const entries = (await run(...at)).map((line) => JSON.parse(line).entry);
      assert.deepEqual(entries, Array.from({ length: 1203 }, (_, index) => index + 1));
      const listed = await createOutbox(place).refused(sharedPool() as unknown as TransactionLike)
        .list({ limit: 12 });
      assert.deepEqual(listed.map(({ entry }) => entry), entries.slice(0, 12));
      await assert.rejects(
        run(...at, "--retry", "all"),
        /^UsageError: Retry 1203 jobs of the outbox/,
      );
      assert.deepEqual(await run(...at, "--delete", "7,8"), ["Deleted 2"]);
      assert.deepEqual(await run(...at, "--retry", "all", "--yes"), ["Retried 1201"]);
      const [row] = await ask(`SELECT count(*)::int AS count FROM ${schema}."of a shop"`);
      assert.equal(row!["count"], 1201);
    } finally {
      await ask(`DROP TABLE ${schema}."of a shop", ${schema}."of a shop_refused"`);
    }
  });

  it("needs the rights that the guide names, and says so without them", async () => {
    const [{ schema }] = await startWithOutbox(1) as [SharedOutbox];
    await ask(`INSERT INTO ${schema}.outbox_refused (entry, job, refused_at, reason)
      VALUES (1, '{}', 5, 'no'), (2, '{}', 5, 'no')`);
    await withRole(async (role, url) => {
      const at = ["--data", url, "--schema", schema];
      await assert.rejects(run(...at), {
        name: "StoreError",
        message: /^PostgreSQL refused: permission denied for schema .*: the user needs USAGE of/,
      });
      await ask(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
      await ask(`GRANT SELECT ON ${schema}.outbox_refused TO ${role}`);
      assert.equal((await run(...at, "--job")).length, 2);
      await assert.rejects(
        run(...at, "--delete", "1"),
        /permission denied for table outbox_refused/,
      );
      await ask(`GRANT DELETE ON ${schema}.outbox_refused TO ${role}`);
      await ask(`GRANT INSERT ON ${schema}.outbox TO ${role}`);
      assert.deepEqual(await run(...at, "--delete", "1"), ["Deleted 1"]);
      assert.deepEqual(await run(...at, "--retry", "all", "--yes"), ["Retried 1"]);
    });
  });

  it("says plainly what is wrong with the server, and shows no password", async () => {
    const url = new URL(postgresUrl);
    const said = async (change: (url: URL) => void, ...args: string[]) => {
      const other = new URL(url.href);
      change(other);
      let message = "";
      await assert.rejects(run("--data", other.href, ...args), (error: Error) => {
        message = error.message;
        return error.name === "StoreError";
      });
      assert.doesNotMatch(message, /secret/);
      return message;
    };
    const nothing = () => {};
    assert.match(
      await said(nothing, "--schema", "nowhere"),
      /^PostgreSQL refused: relation "nowhere.outbox_refused" does not exist: name the schema/,
    );
    const away = await said((other) => Object.assign(other, { port: "1", password: "secret" }));
    assert.match(away, /^Cannot use PostgreSQL: .*ECONNREFUSED/);
    assert.match(await said((other) => other.pathname = "/no-such"), /database "no-such" does not/);
  });
});
