/** A PostgreSQL that lets a broker not in: at its start, and while it runs. */

import assert from "node:assert/strict";
import { afterEach, it } from "node:test";
import { openPostgres } from "../../adapters/postgres/mod.ts";
import { createFailures } from "../../adapters/postgres/failures.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { assertOneLine, runCli } from "../cli/spawn-cli.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { send } from "../support/send.ts";
import { endOpened, opened } from "./brokers-kit.ts";
import { describePostgres, freshSchema, postgresUrl, sharedPool } from "./server.ts";

/** Asks the server something, beside its brokers. */
async function ask(text: string) {
  const client = await sharedPool().connect();
  return await client.query({ text }).finally(() => client.release());
}

/** Makes a user who may log in or not. */
async function addUser(terms: string): Promise<{ readonly name: string; readonly url: URL }> {
  const name = freshSchema();
  const url = new URL(postgresUrl);
  await ask(`CREATE USER ${name} ${terms}`);
  await ask(`GRANT CREATE ON DATABASE ${url.pathname.slice(1)} TO ${name}`);
  url.username = name;
  url.password = "secret-9";
  return { name, url };
}

describePostgres("a PostgreSQL that lets nobody in", () => {
  afterEach(endOpened);

  it("is said in one line at the start, without the password, and not tried again", async () => {
    const { name, url } = await addUser("NOLOGIN");
    const outcome = await runCli(["serve", "--port", "0", "--data", url.href]);
    const line = `^millrace: cannot use PostgreSQL: role "${name}" is not permitted to log in$`;
    assertOneLine(outcome, 1, new RegExp(line, "m"));
    assert.doesNotMatch(outcome.stderr, /secret/);
  });

  it("is told from a database, a server and an encryption that are not there", async () => {
    const cases: [(url: URL) => void, RegExp][] = [
      [
        (url) => url.pathname = "/nowhere",
        /^cannot use PostgreSQL: database "nowhere" does not exist$/,
      ],
      [(url) => url.hostname = "nowhere.invalid", /^cannot use PostgreSQL: .*nowhere\.invalid/],
      [(url) => url.port = "1", /^cannot use PostgreSQL: .*ECONNREFUSED/],
      [
        (url) => url.search = "?sslmode=verify-full",
        /^cannot use PostgreSQL: .*does not support SSL/,
      ],
    ];
    for (const [change, message] of cases) {
      const url = new URL(postgresUrl);
      url.password = "secret-9";
      change(url);
      const database = openPostgres({ url: url.href });
      await assert.rejects(database.open(), (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      });
    }
    const { message } = createFailures().of(
      new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string"),
    );
    assert.equal(
      message,
      "cannot use PostgreSQL: the server asks for a password, and there is none",
    );
  });

  it("answers on the connections that there are, then 503 with the cause, and recovers", async () => {
    const { name, url } = await addUser("LOGIN");
    const { logger, errors } = createRecordingLogger();
    const store = openPostgres({ url: url.href, schema: name });
    const broker = createBroker({ store, logger });
    opened.push(() => broker.stop());
    await broker.start();
    const call = () => send(broker, "GET", "/jobs?limit=1");
    const many = async () =>
      (await Promise.all(Array.from({ length: 40 }, call))).map(({ status }) => status);

    await ask(`ALTER USER ${name} NOLOGIN`);
    assert.deepEqual([...new Set(await many())], [200]);
    assert.equal(errors.length, 0);

    await ask(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${name}'`);
    const cause = `cannot use PostgreSQL: role "${name}" is not permitted to log in`;
    while ((await call()).body.error !== cause);
    const told = errors.filter((text) => text.includes(cause));
    assert.equal(told.length, 1, "once, and not for each call");

    await ask(`ALTER USER ${name} LOGIN`);
    while ((await call()).status !== 200);
  });
});
