/**
 * Asking all other brokers of a database for something, and waiting until each has done it.
 *
 * | A round is | Event                              | Next     | What its caller gets |
 * | ---------- | ---------------------------------- | -------- | -------------------- |
 * | open       | a broker says that it has done it  | open     | –                    |
 * | open       | the last of the others has done it | complete | `true`               |
 * | open       | a second has passed                | given up | `false`              |
 *
 * A broker that is gone, and was not given up yet, or that hears nothing at the moment, makes a round take its second.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import type { NewsItem } from "./news-text.ts";

/** How long the others may take, in ms. */
const patienceMs = 1000;

/** What brokers are asked for. */
export type RoundName = "write" | "room" | "log" | "quiet" | "stop";

/** Rounds of one broker. */
export interface Rounds {
  /**
   * Asks all others.
   *
   * @param details What they need to know for it.
   * @returns Whether all of them have done it; at once, if there are none.
   */
  ask(name: RoundName, details?: readonly (string | number)[]): Promise<boolean>;
  /** Hears what the broker `from` tells, if it belongs to a round. */
  hear(from: string, item: NewsItem): void;
  /** Gives up all rounds. */
  stop(): void;
}

/** What rounds are made from. */
export interface RoundsOptions {
  readonly own: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether there are others, as far as is known. */
  readonly isAlone: () => boolean;
  /** How many others there are. */
  readonly countOthers: () => Promise<number>;
  readonly say: (item: NewsItem) => void;
  /** Does what another one asks for. */
  readonly serve: Readonly<
    Record<RoundName, (details: readonly (string | number)[]) => Promise<unknown>>
  >;
}

interface Round {
  readonly answered: Set<string>;
  /** How many have to answer; unknown while they are counted. */
  most: number | undefined;
  end(isComplete: boolean): void;
}

/** Creates rounds of which none is open. */
export function createRounds(
  { own, clock, logger, isAlone, countOthers, say, serve }: RoundsOptions,
): Rounds {
  const open = new Map<number, Round>();
  let last = 0;

  const endIfComplete = ({ answered, most, end }: Round) => {
    if (most !== undefined && answered.size >= most) end(true);
  };

  const answer = async (from: string, round: number, [name, ...details]: readonly unknown[]) => {
    if (!Object.hasOwn(serve, String(name))) return; // A newer broker may ask for more.
    try {
      await serve[name as RoundName](details as (string | number)[]);
      say(["done", from, round]);
    } catch (error) {
      logger.warn("Cannot do what another broker asks for", { asked: name, error });
    }
  };

  return {
    async ask(name, details = []) {
      if (isAlone()) return true;
      const number = ++last;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const disarm = clock.setTimer(() => round.end(false), patienceMs);
      const round: Round = {
        answered: new Set(),
        most: undefined,
        end(isComplete) {
          if (!open.delete(number)) return;
          disarm();
          resolve(isComplete);
        },
      };
      open.set(number, round);
      say(["ask", number, name, ...details]);
      try {
        round.most = await countOthers();
        endIfComplete(round);
      } catch (error) {
        logger.warn("Cannot count the other brokers", { error });
        round.end(false);
      }
      return await promise;
    },
    hear(from, item) {
      if (item[0] === "ask") {
        const [, number, ...asked] = item;
        void answer(from, number, asked);
      } else if (item[0] === "done" && item[1] === own) {
        const round = open.get(item[2]);
        round?.answered.add(from);
        if (round !== undefined) endIfComplete(round);
      }
    },
    stop() {
      for (const round of open.values()) round.end(false);
    },
  };
}
