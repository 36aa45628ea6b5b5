/**
 * What a broker does about others on the same database: what follows from their news, and what is looked at without any.
 *
 * @module
 */

import type { Clock, Random } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import type { ConfigChange, JobsChange } from "../../store/changes.ts";
import type { Database } from "../../store/database.ts";
import { countOtherBrokers } from "../../store/holders.ts";
import { listQueueSettings } from "../../store/queue-settings.ts";
import { seeJobs } from "../../store/seen-jobs.ts";
import type { Store } from "../../store/store.ts";
import type { ConfigOperations } from "./config.ts";
import type { Counting } from "./counting.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Endings } from "./endings.ts";
import type { EventLog } from "./event-log.ts";
import type { Gates } from "./gates.ts";
import { findGone } from "./holdings.ts";
import type { Identities } from "./ids.ts";
import type { Insight } from "./insight.ts";
import type { Heard, SharedWork } from "./heard.ts";
import { createNews, type News } from "./news.ts";
import type { Presence } from "./presence.ts";
import type { DueSource } from "./scheduler.ts";
import type { Steering } from "./steering.ts";

/** The parts of a broker that others on the same database have something to do with. */
export interface SharingOptions {
  readonly database: Database;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly gates: Pick<Gates, "set" | "settingsOf">;
  readonly presence: Pick<Presence, "id">;
  readonly dispatcher: Pick<
    Dispatcher,
    | "takenJob"
    | "tellStop"
    | "notice"
    | "tell"
    | "hear"
    | "reload"
    | "recheck"
    | "tidy"
    | "giveRoom"
  >;
  readonly endings: Pick<Endings, "hear">;
  readonly counting: Pick<Counting, "backlogs">;
  readonly config: Pick<ConfigOperations, "load">;
  readonly identities: Pick<Identities, "follow">;
  readonly insight: Pick<Insight, "flush">;
  readonly steering: Pick<Steering, "load">;
  readonly log: Pick<EventLog, "heard" | "serve" | "look"> | undefined;
  /** Applies a setting that another broker has changed. */
  applyConfig(change: ConfigChange): void;
  /** Tells that a source has work at `at`, in ms since the epoch. */
  expectAt(source: DueSource, at: number): void;
  /** The work that any broker may do when its time has come. */
  readonly work: Readonly<Record<SharedWork, DueSource>>;
  /** Work that nobody tells of. */
  readonly upkeep: readonly DueSource[];
}

/** The news of a broker, and what workers say whose streams it may not have. */
export interface Sharing extends Omit<News, "pass"> {
  /** How many other brokers there are. */
  countOthers(): Promise<number>;
  /** As that of a dispatcher, also for the streams of other brokers. */
  readonly tell: Dispatcher["tell"];
}

/** Creates the news of a broker that is not started. */
export function createSharing(options: SharingOptions): Sharing {
  const { database, store, clock, random, logger, gates, presence, dispatcher } = options;
  const { endings, counting, config, identities, applyConfig, expectAt, work, upkeep } = options;

  const hearEnds = async (ended: readonly JobsChange[]) => {
    const ids = ended.flatMap(({ jobs }) => jobs.map(({ id }) => id));
    const seen = await store.read(seeJobs(ids, clock.now()));
    endings.hear(ended, new Map(seen.map((one) => [one.job.id, one])));
  };

  const hear = (heard: Heard) => {
    identities.follow(heard.seq);
    if (heard.hasLogged) options.log?.heard();
    for (const [name, at] of heard.due) if (Object.hasOwn(work, name)) expectAt(work[name], at);
    for (const change of heard.changes) if (change.kind === "config") applyConfig(change);
    for (const [run, statement] of heard.said) {
      dispatcher.notice(run);
      dispatcher.tell(run, statement)?.catch((error) => {
        logger.warn("Cannot do what a worker said to another broker", { error });
      });
    }
    if (heard.ended.length > 0) {
      hearEnds(heard.ended).catch((error) => {
        logger.warn("Cannot see jobs that ended at another broker", { error });
      });
    }
    dispatcher.hear(heard);
  };

  const look = async () => {
    const now = clock.now();
    await config.load();
    await options.steering.load();
    await options.log?.look(false);
    for (const settings of await store.read(listQueueSettings())) gates.set(settings);
    for (const source of [...Object.values(work), ...upkeep]) expectAt(source, now);
    dispatcher.reload(await counting.backlogs());
    await dispatcher.recheck();
  };

  let earlier = 0;
  const countOthers = async () => {
    const { count, older } = await store.read(countOtherBrokers(presence.id()));
    earlier = older;
    return count;
  };
  const news = createNews({
    ports: database.dialect === "postgres" ? database.news : undefined,
    isShared: store.isShared,
    clock,
    random,
    logger,
    isHeld: (id) => dispatcher.takenJob(id)?.member.gone === false,
    isLimited: (queue) => gates.settingsOf(queue)?.maxInFlight != null,
    countOthers,
    hear,
    look,
    tidy: dispatcher.tidy,
    expectLook: (at) => expectAt(news.source, at),
    hint: () => expectAt(work.outbox, 0),
    hasEarlier: () => earlier > 0,
    serve: {
      write: options.insight.flush,
      room: ([share, from]) => dispatcher.giveRoom(Number(share), Number(from)),
      log: async ([run, until, isNew]) =>
        await options.log?.serve(String(run), Number(until), isNew === 1),
      quiet: options.steering.load,
      stop: ([worker]) => Promise.resolve(dispatcher.tellStop(String(worker))),
    },
  });
  return {
    ...news,
    async start() {
      await news.start();
      await options.log?.look(true);
    },
    countOthers,
    tell: (run, statement) =>
      dispatcher.tell(run, statement) ??
        (news.pass(run, statement)
          ? findGone(statement, () => false, { store, clock })
          : undefined),
  };
}
