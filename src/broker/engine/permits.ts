/**
 * How many jobs the streams of this broker may have in flight, of a limit that all brokers of a database have together.
 *
 * A broker has a share of `globalInFlightLimit` (`store/shares.ts`), and takes jobs while it has fewer. Nothing is asked of
 * the database while there is room. What is here follows from the share:
 *
 * | Event                                    | What happens                                                          |
 * | ---------------------------------------- | --------------------------------------------------------------------- |
 * | somebody waits, and there is no room     | the share grows by what is free                                       |
 * | nothing is free                          | the others are asked to give back what they do not use, and it grows  |
 * | still nothing                            | it is tried again when there may be room: below, and at each look     |
 * | another one asks                         | what is not used goes back; while it has too little, no more than an even part is used  |
 * | nobody waits here any more               | the others are told, if they were asked: they keep nothing free for it |
 * | a job ends while another one wants room  | more goes back, and it is told that there is room                     |
 * | a job under a lease ends                 | there may be room: those jobs are in no share                         |
 * | a claim fails                            | what it may have taken counts as in flight until that is known        |
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { growShare, isTooLittle, shrinkShare } from "../../store/shares.ts";
import type { Store } from "../../store/store.ts";
import type { Others } from "./dispatcher.ts";
import type { Settings } from "./settings.ts";

/** How long another broker wants room after it said so, in ms: until it would say so again. */
const wantedForMs = 12_000;

/** A share that is never too little: that of a broker which wants no more. */
const enough = Number.MAX_SAFE_INTEGER;

/** Stands among brokers that have too little, after the limit itself became another one. */
const theLimit = 0;

/** The limit over all brokers, as this one keeps it. */
export interface Permits {
  /** How many more may be taken; negative if there are too many. */
  room(): number;
  /** Whether it makes sense to ask for more room: there is none, or somebody gets too little, as `isCut` says. */
  mayGrow(isCut: boolean): boolean;
  /**
   * Asks for more.
   *
   * @param wanted How many more could be taken.
   * @param least With fewer, others are asked too.
   */
  grow(wanted: number, least: number): Promise<void>;
  /** A claim begins, of so many jobs at most. */
  begin(most: number): void;
  /** A claim has taken so many under leases. */
  end(leased: number): void;
  /** It has failed, perhaps only after it was committed. */
  failed(): void;
  /** What failed claims have taken is known, and given back. */
  settled(): void;
  /** There may be room again. */
  reopen(): void;
  /** Fewer are in flight: gives back what others want. */
  released(): void;
  /** Jobs under leases have ended. */
  leasesEnded(): void;
  /** Nobody waits here. */
  nobodyWaits(): void;
  /**
   * Another broker wants room, and has this share; or it wants none any more.
   *
   * @returns Whether there may be more room here than before.
   */
  giveBack(share: number, from: number): Promise<boolean>;
  /** The limit is another one now. */
  limitChanged(): void;
  /** The broker has a new row, and no share. */
  reset(): void;
}

/** What permits work with. */
export interface PermitsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: Pick<Settings, "globalInFlightLimit">;
  /** The row of `brokers` that stands for this broker. */
  readonly broker: () => number;
  /** The brokers that have the rest of the limit. */
  readonly others: () => Others;
}

/** What permits ask of those who use them. */
export interface PermitsUse {
  /** How many are in flight on streams. */
  readonly held: () => number;
  /** Whether somebody here waits for jobs that may be there. */
  readonly isAnyWaiting: () => boolean;
}

/** Creates permits of a broker that has no share. */
export function createPermits(
  { store, clock, limits, broker, others }: PermitsOptions,
  { held, isAnyWaiting }: PermitsUse,
): Permits {
  let share = 0;
  /** Brokers that have too little. */
  const needy = new Set<number>();
  /** What is above that goes back while these are: an even part, which may be none. One at a time may be used anyway. */
  let cap = Infinity;
  let wantedUntil = -Infinity;
  /** Taken under leases since the share was written: the share still counts them too. */
  let leased = 0;
  /** What a claim that is under way may take, and what failed ones may have taken. */
  let claiming = 0;
  let doubtful = 0;
  let isDenied = false;
  /** Whether the others were asked for room, and may keep some free for this broker. */
  let hasAsked = false;
  /** One statement after the other: what is written last is what holds. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };

  const forget = () => {
    needy.clear();
    cap = Infinity;
  };
  const isWanted = () => {
    if (clock.monotonic() < wantedUntil) return true;
    forget();
    return false;
  };
  const used = () => held() + doubtful + leased;

  const room = () => {
    const { globalInFlightLimit: limit } = limits;
    if (limit === 0) return Infinity;
    const most = isWanted() ? Math.max(1, cap) : Infinity;
    return Math.min(Math.min(share, limit) - used(), most - held() - doubtful);
  };

  const grow = (wanted: number) =>
    inTurn(async () => {
      const { globalInFlightLimit: limit } = limits;
      isWanted(); // Else nobody is needy any more.
      const used = held() + doubtful;
      const most = needy.has(theLimit) ? Math.max(0, Math.max(1, cap) - used) : wanted;
      const wish = {
        broker: broker(),
        limit,
        used,
        wanted: Math.min(wanted, most),
        needy: [...needy],
      };
      const grown = await store.write(() => growShare(wish));
      share = grown.share;
      leased = 0;
      for (const id of wish.needy) {
        if (id !== theLimit && !grown.needy.includes(id)) needy.delete(id);
      }
      if (needy.size === 0) cap = Infinity;
    });

  /** Gives back what is above a target. That less is written than is used of it here would do harm; more does none. */
  const shrinkTo = (target: () => number): Promise<boolean> =>
    inTurn(async () => {
      const wanted = target();
      if (wanted >= share) return false;
      share = wanted;
      leased = 0; // These are counted as leases.
      await store.write(() => shrinkShare(broker(), wanted));
      return true;
    });

  const ask = () => {
    hasAsked = true;
    return others().ask("room", [share, broker()]);
  };

  const giveBack = async (other: number, from: number): Promise<boolean> => {
    const { globalInFlightLimit: limit } = limits;
    if (limit === 0) return false;
    if (other === enough) {
      needy.delete(from);
      if (needy.size === 0) cap = Infinity;
      isDenied = false;
      return true;
    }
    const even = Math.floor(limit / (await others().countOthers() + 1));
    wantedUntil = clock.monotonic() + wantedForMs;
    if (isTooLittle(other, even)) needy.add(from);
    else needy.delete(from);
    cap = needy.size > 0 ? even : Infinity;
    await shrinkTo(() => {
      const needed = held() + doubtful + claiming;
      // Who waits here has as good a claim to the even part.
      return isAnyWaiting()
        ? Math.max(needed, Math.min(share - leased, Math.max(1, even)))
        : needed;
    });
    return false;
  };

  /** Gives back by itself what another one still waits for. */
  const makeRoom = async (target: () => number) => {
    try {
      if (!await shrinkTo(target)) return;
      others().tellRoom();
      if (!isAnyWaiting() || share > 0) return;
      // That was all it had. It is its turn again after the other one, who has to know that it waits.
      isDenied = true;
      await ask();
    } catch {
      // What cannot be written now stays this broker's until others ask again.
    }
  };

  return {
    room,
    mayGrow(isCut) {
      return !isDenied && (room() <= 0 || isCut);
    },
    async grow(wanted, least) {
      isDenied = true; // Until something happens, which may be meanwhile.
      await grow(wanted);
      // With an even part it waits for what others give back.
      if (room() < least && share < Math.max(1, cap)) {
        await ask();
        await grow(wanted);
      }
      if (room() >= least) isDenied = false;
    },
    begin: (most) => void (claiming = most),
    end(count) {
      claiming = 0;
      leased += count;
    },
    failed() {
      doubtful += claiming;
      claiming = 0;
    },
    settled: () => void (doubtful = 0),
    reopen: () => void (isDenied = false),
    released() {
      if (share === 0 || !isWanted()) return;
      const target = () => {
        const needed = held() + doubtful + claiming;
        return isAnyWaiting() ? Math.max(needed, cap) : needed;
      };
      if (target() < share) void makeRoom(target);
    },
    leasesEnded() {
      isDenied = false;
      if (isWanted()) others().tellRoom();
    },
    nobodyWaits() {
      if (!hasAsked) return;
      hasAsked = false;
      void others().ask("room", [enough, broker()]);
    },
    giveBack,
    limitChanged() {
      isDenied = false;
      giveBack(0, theLimit).catch(() => {}); // Others ask when they need it.
    },
    reset() {
      share =
        leased =
        doubtful =
        claiming =
          0;
      isDenied = false;
    },
  };
}
