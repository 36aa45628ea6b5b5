/**
 * News between brokers, by LISTEN and NOTIFY: on a connection that does nothing else.
 *
 * | State      | Event                         | Next       | What happens                                   |
 * | ---------- | ----------------------------- | ---------- | ---------------------------------------------- |
 * | connecting | it listens                    | listening  | the second time and later, news were missed    |
 * | connecting | that fails                    | connecting | it is tried again after a second               |
 * | listening  | a piece of news               | listening  | is told                                        |
 * | listening  | a text on the open channel    | listening  | is told as one of anybody                      |
 * | listening  | the connection breaks, or does not answer a look | connecting | it is tried again at once |
 * | any        | it is stopped                 | stopped    | the connection ends                            |
 *
 * @module
 */

import { channelOf } from "../../src/protocol/outbox.ts";
import type { DatabaseNews } from "../../src/store/database.ts";
import { listenOnChannel, readChannel } from "./channel.ts";
import { inTime } from "./in-time.ts";
import type { PgClient, PgNotification, PgPool } from "./pool.ts";
import { quoteName } from "./quote-name.ts";
import type { Sessions } from "./sessions.ts";

/** How long to wait after a connection could not be made, and how often a quiet one is looked at, in ms. */
const retryMs = 1000;
const lookMs = 5000;

/** How long the answer to a look may take, in ms: the server may have vanished without a word. */
const answerMs = 5000;

/** Creates the news of the brokers of a schema. */
export function createNews(
  { pool, sessions, schema, connectTimeoutMs }: {
    readonly pool: PgPool;
    readonly sessions: Pick<Sessions, "use">;
    readonly schema: string;
    readonly connectTimeoutMs: number;
  },
): DatabaseNews {
  const open = channelOf(schema);
  /** The channel of the brokers; undefined while it is not known. */
  let channel: string | undefined;

  return {
    async tell(texts, openly) {
      const text =
        "SELECT pg_notify(place, told) FROM unnest($1::text[]) AS place, unnest($2::text[]) AS told";
      await sessions.use(async (client) => {
        channel ??= await readChannel(client, schema);
        await client.query({ text, values: [openly ? [channel, open] : [channel], [...texts]] });
      });
    },
    async listen(hear, missed, overhear) {
      let stopped = false;
      let wake = () => {};
      const sleep = (ms: number) =>
        new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });

      /** Listens until the connection breaks, or it is stopped. */
      const session = async (client: PgClient, started: () => void) => {
        let broken = false;
        const breaks = () => {
          broken = true;
          wake();
        };
        const told = ({ channel: place, payload = "" }: PgNotification) => {
          if (place === channel) hear(payload);
          else if (place === open) overhear(payload);
        };
        client.on("error", breaks);
        client.on("end", breaks);
        client.on("notification", told);
        try {
          channel = await readChannel(client, schema);
          await listenOnChannel(client, schema);
          await client.query({ text: `LISTEN ${quoteName(open)}` });
          started();
          while (!broken && !stopped) {
            await sleep(lookMs);
            if (broken || stopped) break;
            const answer = client.query({ text: "SELECT 1" });
            await inTime(answer, { ms: answerMs, message: "the server does not answer" });
          }
        } finally {
          client.off("notification", told);
          client.off("end", breaks);
          client.off("error", breaks);
          client.release(true); // Nobody else is to have one that listens.
        }
      };

      let times = 0;
      let first = () => {};
      const listening = new Promise<void>((resolve) => first = resolve);
      const run = async () => {
        while (!stopped) {
          try {
            const client = await inTime(pool.connect(), {
              ms: connectTimeoutMs,
              message: "no connection to listen on",
              late: (client) => client.release(),
            });
            await session(client, () => times++ === 0 ? first() : missed());
          } catch {
            // What is wrong is told by whoever asks the database for more.
            if (!stopped) await sleep(retryMs);
          }
        }
      };
      const done = run();
      await Promise.race([listening, sleep(retryMs * 5)]);
      return async () => {
        stopped = true;
        wake();
        await done;
      };
    },
  };
}
