/** What anybody may say who can log in to the database of brokers, and what a broker may say that has gone wrong. */

import assert from "node:assert/strict";
import { afterEach, it } from "node:test";
import { defineJob, type TakeOptions } from "../../src/client/mod.ts";
import { createOutbox } from "../../src/outbox/mod.ts";
import { channelOf, outboxNews } from "../../src/protocol/outbox.ts";
import { firstKeyAt, keyOfId } from "../../src/store/job-key.ts";
import { job } from "../support/broker.ts";
import { gatherIds } from "../support/gather-ids.ts";
import { send } from "../support/send.ts";
import { malformed, told } from "../support/told-news.ts";
import { endOpened, opened, turns } from "./brokers-kit.ts";
import { ask, type SharedOutbox, startWithOutbox, transact, untilSoon } from "./outbox-kit.ts";
import { describePostgres, freshSchema, openShared, sharedPool } from "./server.ts";

const mail = defineJob<{ to: string }>({ type: "mail", queue: "q" });

/** Texts that harm who believes them, or does not look. */
function hostileTexts(victim: string): string[] {
  const forged = [
    ...told,
    ["cancel", victim, "forged"],
    ["lost", victim],
    ["seq", 2 ** 53 - 2],
    ["change", { kind: "config", key: "lease_ms", value: "1" }],
    ["change", {
      kind: "queues",
      settings: { queue: "q", paused: 1, maxInFlight: 1, leaseMs: 1, graceMs: 1 },
    }],
  ];
  return [
    "",
    "no JSON",
    "[]",
    "x".repeat(7999),
    ...["x", ""].flatMap((from) => [
      ...[...forged, ...malformed].map((item) => JSON.stringify([from, item])),
      JSON.stringify([from, ...malformed]),
    ]),
  ];
}

/** Says texts on channels, as a user without any right but those of `grants`. */
async function say(
  texts: readonly string[],
  { channels, schema, grants = [] }: {
    readonly channels: readonly string[];
    readonly schema: string;
    readonly grants?: readonly string[];
  },
): Promise<string[]> {
  const role = `stranger_${schema}`;
  const refused: string[] = [];
  await ask(`CREATE ROLE ${role}`);
  try {
    for (const grant of grants) await ask(`${grant} TO ${role}`);
    await transact(async (session) => {
      await session.query(`SET LOCAL ROLE ${role}`);
      for (const channel of channels) {
        await session.query("SELECT pg_notify($1, told) FROM unnest($2::text[]) AS told", [
          channel,
          texts,
        ]);
      }
      for (const table of [`${schema}.news_channel`, `${schema}.config`, `${schema}.jobs`]) {
        await session.query("SAVEPOINT look");
        await session.query(`SELECT * FROM ${table}`).catch((error: Error) => {
          refused.push(error.message);
        });
        await session.query("ROLLBACK TO SAVEPOINT look");
      }
    });
  } finally {
    await ask(`DROP OWNED BY ${role}`);
    await ask(`DROP ROLE ${role}`);
  }
  return refused;
}

/** Takes jobs, and gathers their ids. */
async function take({ client }: SharedOutbox, options: TakeOptions): Promise<string[]> {
  const stream = await client.take(options);
  opened.push(() => stream.close());
  return gatherIds(stream);
}

/** That jobs are stored at each broker, and each gets some to its worker. */
async function demandWork(brokers: readonly SharedOutbox[]): Promise<void> {
  const taken = await Promise.all(brokers.map((broker, at) => take(broker, { queues: [`${at}`] })));
  for (const { client, clock } of brokers) {
    const stored = await client.enqueueMany(brokers.map((_, at) => job({ queue: `${at}` })));
    for (const [at, { id }] of stored.entries()) {
      const key = keyOfId(id)!;
      assert.ok(key < firstKeyAt(clock.now() + 1000), `${key} is a key of now`);
      await untilSoon([], () => taken[at]!.includes(id), "the job came");
      await brokers[at]!.client.success(id);
    }
  }
}

describePostgres("news of anybody", () => {
  afterEach(endOpened);

  it("are not believed, and harm nobody, on whatever channel they are told", async () => {
    const brokers = await startWithOutbox(2);
    const [{ broker, client, schema, errors }] = brokers as [SharedOutbox];
    const held = await take(brokers[0]!, { prefetch: 1, queues: [job().queue] });
    const { id } = await client.enqueue(job());
    await untilSoon([], () => held.length === 1, "a worker had it");
    const before = (await send(broker, "GET", "/config")).body;
    const channels = [
      channelOf(schema),
      "millrace",
      "millrace millrace",
      `millrace ${"0".repeat(32)}`,
      "news_channel",
    ];
    const grants = [`GRANT USAGE ON SCHEMA ${schema}`, `GRANT INSERT ON ${schema}.outbox`];
    const texts = hostileTexts(id);
    for (let round = 0; round < 3; round++) {
      const refused = await say(texts, { channels, schema, grants });
      assert.equal(refused.length, 3);
      for (const message of refused) assert.match(message, /permission denied/);
      await turns(10);
      await Promise.all(brokers.map(({ clock }) => clock.advance(1)));
    }
    await turns(20);
    assert.deepEqual((await send(broker, "GET", "/config")).body, before);
    assert.equal((await client.get(id)).status, "in_flight");
    await demandWork(brokers);
    assert.deepEqual(errors, []);
  });

  it("do not tell where brokers talk", async () => {
    const brokers = await startWithOutbox(2);
    const [{ schema }] = brokers as [SharedOutbox];
    const [row, ...others] = await ask(`SELECT name FROM ${schema}.news_channel`);
    assert.match(String(row!["name"]), /^millrace [0-9a-f]{32}$/);
    assert.deepEqual(others, []);
    // What sessions did is shown to whoever watches a server.
    const shown = await ask("SELECT query FROM pg_stat_activity");
    assert.ok(shown.some(({ query }) => /LISTEN/.test(String(query))), "somebody listens");
    assert.ok(shown.every(({ query }) => !String(query).includes(String(row!["name"]))));
  });

  it("are a hint at most, and many of them no more than a look at a time", async () => {
    let looking = 0;
    let most = 0;
    const brokers = await startWithOutbox(1, (database) => ({
      ...database,
      async all(sql, params) {
        if (!sql.includes("AS wild")) return await database.all(sql, params);
        most = Math.max(most, ++looking);
        try {
          return await database.all(sql, params);
        } finally {
          looking--;
        }
      },
    }));
    const [{ client, clock, outbox, schema }] = brokers as [SharedOutbox];
    const texts = Array.from({ length: 5000 }, (_, at) => outboxNews.replace("0", String(at)));
    await say(texts, { channels: [channelOf(schema)], schema });
    for (let turn = 0; turn < 20; turn++) {
      await clock.advance(1);
      await turns(1);
    }
    assert.equal(most, 1);
    await transact(async (session) => {
      await outbox.within(session).enqueue(mail, { to: "a" });
    });
    await untilSoon(brokers, async () => await client.count() === 1, "the job was there");
  });

  it("of a broker that has gone wrong are passed over where they make no sense", async () => {
    const brokers = await startWithOutbox(2);
    const [{ schema, errors }] = brokers as [SharedOutbox];
    const [row] = await ask(`SELECT name FROM ${schema}.news_channel`);
    const texts = malformed.map((item) => JSON.stringify(["x", item]));
    texts.push(JSON.stringify(["x", ["seq", Number.MAX_SAFE_INTEGER]]), "no JSON", "[]");
    await transact(async (session) => {
      await session.query("SELECT pg_notify($1, told) FROM unnest($2::text[]) AS told", [
        row!["name"],
        texts,
      ]);
    });
    await turns(20);
    await demandWork(brokers);
    assert.deepEqual(errors, []);
  });

  it("are heard on the open channel while an earlier broker is there, which knows no other", async () => {
    const [left, right] = await startWithOutbox(2) as [SharedOutbox, SharedOutbox];
    const { client, schema } = left;
    const channel = channelOf(schema);
    const openly: string[] = [];
    const listener = await sharedPool().connect();
    const note = ({ payload }: { payload: string }) => void openly.push(payload);
    listener.on("notification", note);
    const told = () => openly.splice(0).filter((text) => text !== "now");
    /** What was told until now. */
    const heard = async () => {
      await ask(`SELECT pg_notify('${channel}', 'now')`);
      await untilSoon([], () => openly.includes("now"), "it was heard");
      return told();
    };
    await listener.query({ text: `LISTEN "${channel}"` });
    try {
      const ids = await take(right, { queues: ["q"] });
      const work = async () => {
        const { id } = await client.enqueue(job({ queue: "q" }));
        await untilSoon([], () => ids.includes(id), "the job came");
        await right.client.success(id);
      };
      await work();
      assert.deepEqual(await heard(), []);

      await ask(`INSERT INTO ${schema}.brokers (started_at, seen_at) VALUES (1, ${2 ** 50})`);
      await Promise.all([left, right].map(({ clock }) => clock.advance(10_000)));
      await turns(20);
      told();
      await work();
      assert.ok((await heard()).some((text) => /^\["\+.*"ready","q"/.test(text)));
      await ask(`SELECT pg_notify('${channel}', '["earlier",["ask",1,"write"],["seq","x"]]')`);
      await untilSoon(
        [],
        () => openly.some((text) => text.includes('"done","earlier",1')),
        "an answer",
      );

      await ask(`DELETE FROM ${schema}.brokers WHERE started_at = 1`);
      await Promise.all([left, right].map(({ clock }) => clock.advance(10_000)));
      await turns(20);
      told();
      await work();
      await ask(`SELECT pg_notify('${channel}', '["earlier",["ask",2,"write"]]')`);
      await turns(20);
      assert.deepEqual(await heard(), ['["earlier",["ask",2,"write"]]']);
      assert.deepEqual([left.errors, right.errors], [[], []]);
    } finally {
      listener.off("notification", note);
      listener.release(true);
    }
  });

  it("do not keep brokers of schemas with long names from hearing of an outbox", async () => {
    // 63 bytes, and the channel for all is cut within none of its characters.
    const schema = `${freshSchema().padEnd(30, "x")}${"é".repeat(16)}x`;
    const brokers = await startWithOutbox(1, (_, index) => {
      assert.equal(index, 0);
      const { now: _now, ...database } = openShared(schema);
      return database;
    });
    opened.push(() => ask(`DROP SCHEMA "${schema}" CASCADE`));
    const [{ client }] = brokers as [SharedOutbox];
    await transact(async (session) => {
      await createOutbox({ schema }).within(session).enqueue(mail, { to: "a" });
    });
    await untilSoon(brokers, async () => await client.count() === 1, "the job was there");
  });

  it("are not heard: brokers that start at once on an empty schema agree on a channel", async () => {
    const schema = freshSchema();
    opened.push(() => ask(`DROP SCHEMA ${schema} CASCADE`));
    const databases = Array.from({ length: 5 }, () => openShared(schema));
    await Promise.all(databases.map((database) => database.open()));
    const heard: string[][] = databases.map(() => []);
    const stops = await Promise.all(
      databases.map((database, at) =>
        database.news!.listen((text) => void heard[at]!.push(text), () => {}, () => {})
      ),
    );
    for (const [at, database] of databases.entries()) {
      await database.news!.tell([`from ${at}`], false);
    }
    await untilSoon([], () => heard.every(({ length }) => length === 5), "all heard all");
    assert.equal((await ask(`SELECT * FROM ${schema}.news_channel`)).length, 1);
    await Promise.all(stops.map((stop) => stop()));
    await Promise.all(databases.map((database) => database.close()));
  });
});
