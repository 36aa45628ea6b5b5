/**
 * What brokers of one database tell each other: whom to wake, what is due, what became of jobs that another one's workers hold.
 *
 * News only say where to look: what holds is in the database. What is lost on the way costs time, until the next look
 * at everything, and nothing else. A broker that is alone tells nothing.
 *
 * | Event                               | What happens                                                                  |
 * | ----------------------------------- | ----------------------------------------------------------------------------- |
 * | it starts                           | it listens, says hello, and looks soon after at what it may have missed   |
 * | another one says hello              | it answers, and is not alone any more                                         |
 * | a commit                            | what others have to know is gathered, and told once the news before are through |
 * | news may have been lost             | it looks at everything                                                        |
 * | somebody who need not be a broker hints at the outbox | it looks at the outbox, and at nothing else                 |
 * | an earlier broker is registered, during an upgrade | it tells on the open channel too, and believes what others tell there |
 * | ten seconds have passed       | it looks at everything, and whether there are others                          |
 *
 * @module
 */

import type { Clock, Random } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import { isOutboxHint } from "../../protocol/outbox.ts";
import { status } from "../../protocol/status.ts";
import type { WorkerStatement } from "../../protocol/worker-statement.ts";
import type { Change, JobsChange } from "../../store/changes.ts";
import type { DatabaseNews } from "../../store/database.ts";
import { createAwaited, toWatchItems } from "./awaited.ts";
import { isLoss } from "./losses.ts";
import { addReady, type Heard, type ReadyNews, type SharedWork, toHeard } from "./heard.ts";
import { leavesFlight } from "./members.ts";
import { fromText, isStatement } from "./news-reading.ts";
import { type NewsItem, toTexts } from "./news-text.ts";
import { createRounds, type Rounds, type RoundsOptions } from "./rounds.ts";
import type { DueSource } from "./scheduler.ts";
import { createPartCollector, toParts } from "./statement-parts.ts";

/** How often a broker that shares its database looks at what others did, in ms: the net under lost news. */
const lookAgainMs = 10_000;

/** How long after its start it looks for the first time, in ms: others may not have heard of it before. */
const firstLookMs = 2000;

/** Begins the names of brokers that hear what is not told openly. */
const mark = "+";

/** The news of a broker. */
export interface News {
  /** Begins to listen. Call when the broker is registered. */
  start(): Promise<void>;
  /** Tells others what a commit of this broker did. */
  add(changes: readonly Change[]): void;
  /** Tells others that somebody waits for the end of jobs. */
  watch(ids: readonly string[]): void;
  /**
   * Passes on what a worker says whose stream may be another broker's.
   *
   * @returns Whether there is any.
   */
  pass(run: string, statement: WorkerStatement): boolean;
  /** Tells that the run of a worker has a stream here, since `at` in ms since the epoch. */
  connected(run: string, at: number): void;
  /** Tells that there is room again in the limit that all brokers share. */
  tellRoom(): void;
  /** Tells that events were written down. */
  tellLogged(): void;
  /** Asks all other brokers to do something, and waits for them. */
  readonly ask: Rounds["ask"];
  /** Tells no more, and hears no more. */
  stop(): Promise<void>;
  /** Looks at everything now and then. */
  readonly source: DueSource;
}

/** Creates the news of a broker that is not started. */
export function createNews(
  {
    ports,
    isShared,
    clock,
    random,
    logger,
    isHeld,
    isLimited,
    countOthers,
    hear,
    look,
    tidy,
    expectLook,
    hint,
    hasEarlier,
    serve,
  }: {
    /** How brokers tell each other; undefined where they only look. */
    readonly ports: DatabaseNews | undefined;
    readonly isShared: boolean;
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
    /** Whether a worker of this broker has a job in flight. */
    readonly isHeld: (id: string) => boolean;
    /** Whether there is a limit on what is in flight of a queue. */
    readonly isLimited: (queue: string) => boolean;
    /** How many other brokers there are. */
    readonly countOthers: () => Promise<number>;
    /** Does what follows from news. */
    readonly hear: (heard: Heard) => void;
    /** Looks at everything that others may have done. */
    readonly look: () => Promise<void>;
    /** Puts in order what only this broker can, whether or not there are others. */
    readonly tidy: () => Promise<void>;
    /** Told that it has to look at `at`, in ms since the epoch. */
    readonly expectLook: (at: number) => void;
    /** Told that there may be something in the outbox. */
    readonly hint: () => void;
    /** Whether there are brokers that talk on the open channel only. */
    readonly hasEarlier: () => boolean;
    /** Does what others ask for. */
    readonly serve: RoundsOptions["serve"];
  },
): News {
  const own = mark + Math.floor(random() * 2 ** 50).toString(36) + clock.now().toString(36);
  let isAlone = true;
  let lookedAt = 0;
  let mayHaveMissed = true;
  let stopListening: (() => Promise<void>) | undefined;
  let stopped = false;
  /** What is to be told. */
  let ready = new Map<string, ReadyNews>();
  let due = new Map<SharedWork, number>();
  let items: NewsItem[] = [];
  let seq = 0;
  let telling: Promise<void> | undefined;
  const parts = createPartCollector(isStatement);
  const awaited = createAwaited(clock);
  let statements = 0;

  const canTell = () => !isAlone && ports !== undefined && !stopped;

  const expect = (source: SharedWork, at: number) => {
    if (at < (due.get(source) ?? Infinity)) due.set(source, at);
  };

  /** `taken` are those of the commit that were taken in it: nobody has to look for them. */
  const addJobs = (change: JobsChange, taken: ReadonlySet<number>) => {
    if (change.from === undefined) seq = Math.max(seq, change.jobs.at(-1)?.seq ?? 0);
    if (change.to === status.ready) {
      for (const { queue, budgets, priority, seq } of change.jobs) {
        if (taken.has(seq)) continue;
        if (budgets === null) addReady(ready, queue, { count: 1, first: { priority, seq } });
        else items.push(["budgeted", queue, budgets, priority, seq]);
      }
    } else if (change.to === status.scheduled) {
      for (const { readyAt } of change.jobs) expect("promotion", readyAt);
    }
    const hasEnded = change.to === undefined || change.to === status.completed ||
      change.to === status.dead;
    if (awaited.isAny && (hasEnded || leavesFlight(change))) items.push(...awaited.itemsOf(change));
    if (change.from !== status.inFlight) return;
    const isOver: boolean = leavesFlight(change);
    if (isOver) {
      // Room in a queue with a limit: others may take what waits there.
      for (const job of change.jobs) {
        const queue = change.fromQueue ?? job.queue;
        if (isLimited(queue)) addReady(ready, queue, { count: 1, first: undefined });
      }
    }
    const isLost = change.byHolder !== true &&
      (isLoss(change.cause) || change.cause === "lease-lost");
    if (!isLost && !isOver && change.cause !== "cancel-asked") return;
    for (const { id } of change.jobs) {
      if (isHeld(id)) continue;
      if (change.cause === "cancel-asked") items.push(["cancel", id, change.reason ?? ""]);
      else items.push([isLost ? "lost" : "left", id]);
    }
  };

  const isAnythingToTell = () => ready.size + due.size + items.length + seq > 0;

  /** Tells what was gathered, and what is gathered meanwhile. */
  const tell = async () => {
    while (!stopped && isAnythingToTell()) {
      const all: NewsItem[] = [
        ...seq > 0 ? [["seq", seq] as const] : [],
        ...[...ready].map(toReadyItem),
        ...[...due].map(([source, at]) => ["due", source, at] as const),
        ...items,
      ];
      ready = new Map();
      due = new Map();
      items = [];
      seq = 0;
      try {
        await ports!.tell(toTexts(own, all), hasEarlier());
      } catch (error) {
        logger.warn("Cannot tell other brokers, they look by themselves", { error });
      }
    }
    telling = undefined;
  };

  const say = (item: NewsItem) => {
    items.push(item);
    telling ??= tell();
  };

  const rounds = createRounds({
    own,
    clock,
    logger,
    isAlone: () => !canTell(),
    countOthers,
    say,
    serve,
  });

  /** Something may have been missed. */
  const lookSoon = () => {
    mayHaveMissed = true;
    expectLook(0);
  };

  const follow = (text: string) => {
    const told = fromText(text);
    if (told === undefined || told.from === own) return;
    if (told.items.some(([kind]) => kind === "hello")) say(["here"]);
    isAlone = false;
    if (told.items.some(([kind]) => kind === "look")) lookSoon();
    for (const item of told.items) {
      if (item[0] === "watch") awaited.add(item[1]);
      else rounds.hear(told.from, item);
    }
    hear(toHeard(told, parts));
  };

  /** Whoever passes news on cannot do anything about what goes wrong with them. */
  const listen = (text: string) => {
    if (stopped) return;
    try {
      follow(text);
    } catch (error) {
      mayHaveMissed = true;
      logger.error("Cannot follow what another broker told", { error });
    }
  };

  const overhear = (text: string) => {
    if (isOutboxHint(text)) hint();
    // What others like this one tell there was heard already.
    else if (hasEarlier() && !text.startsWith(`["${mark}`)) listen(text);
  };

  return {
    async start() {
      lookedAt = clock.now() - lookAgainMs + firstLookMs;
      if (ports === undefined || stopListening !== undefined) return;
      stopListening = await ports.listen(listen, lookSoon, overhear);
      isAlone = await countOthers() === 0;
      say(["hello"]);
    },
    add(changes) {
      if (!canTell()) return;
      const taken = takenOf(changes);
      for (const change of changes) {
        if (change.kind === "jobs") addJobs(change, taken);
        else if (change.kind === "crons" || change.kind === "leases") {
          expect(change.kind, change.nextAt);
        } else if (change.kind === "cancellations") expect("cancellations", change.nextAt);
        else if (change.kind === "settlements") expect("settling", 0);
        else if (change.kind !== "tags") items.push(["change", change]);
      }
      if (isAnythingToTell()) telling ??= tell();
    },
    watch(ids) {
      if (!canTell()) return;
      items.push(...toWatchItems(ids));
      telling ??= tell();
    },
    pass(run, statement) {
      if (!canTell()) return false;
      items.push(...toParts(run, statement, ++statements));
      telling ??= tell();
      return true;
    },
    connected(run, at) {
      if (canTell()) say(["run", run, at]);
    },
    tellRoom() {
      if (canTell()) say(["room"]);
    },
    tellLogged() {
      if (canTell() && !items.some(([kind]) => kind === "logged")) say(["logged"]);
    },
    ask: rounds.ask,
    async stop() {
      stopped = true;
      rounds.stop();
      await stopListening?.();
      await telling;
    },
    source: {
      name: "look at what other brokers did",
      nextDueAt: () => isShared ? lookedAt + lookAgainMs : undefined,
      async run(now) {
        lookedAt = now;
        await tidy();
        const wasAlone = isAlone && !mayHaveMissed;
        isAlone = await countOthers() === 0;
        if (wasAlone && isAlone) return; // It knows of all that was done.
        await look();
        mayHaveMissed = false;
      },
    },
  };
}

function toReadyItem([queue, { count, first }]: readonly [string, ReadyNews]): NewsItem {
  return first === undefined
    ? ["ready", queue, count]
    : ["ready", queue, count, first.priority, first.seq];
}

const nobody: ReadonlySet<number> = new Set();

/** The keys of the jobs that were taken in a commit in which others became ready. */
function takenOf(changes: readonly Change[]): ReadonlySet<number> {
  const ofJobs = changes.filter((change) => change.kind === "jobs");
  if (!ofJobs.some(({ to }) => to === status.ready)) return nobody;
  const taken = ofJobs.filter(({ cause }) => cause === "taken");
  return new Set(taken.flatMap(({ jobs }) => jobs.map(({ seq }) => seq)));
}
