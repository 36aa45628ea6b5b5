/**
 * Deleting jobs, and the rule for those that others wait for: nothing is deleted unless these are deleted as well.
 *
 * A deletion of many goes piece by piece. So first all of them are looked at, as far as others wait for them; what comes
 * to wait for one of them after that is deleted with it.
 *
 * @module
 */

import type { PayloadFilter } from "../../store/expressions.ts";
import { removeJob, removeJobs } from "../../store/delete-jobs.ts";
import {
  idsOf,
  type LinkRow,
  linksAtOnce,
  listLinks,
  shownLinks,
} from "../../store/dependencies-table.ts";
import type { FinishTerms } from "../../store/job-rules.ts";
import type { Store } from "../../store/store.ts";
import type { JobSelection } from "../../store/where.ts";
import type { Searching } from "./searching.ts";
import type { Settling } from "./settling.ts";

/** Which of the jobs of a selection are deleted, and how. */
export interface RemovalOptions {
  readonly matches?: PayloadFilter | undefined;
  /** Whether those that wait for one of them are deleted too. */
  readonly cascade?: boolean;
  readonly signal?: AbortSignal;
}

/** Deletes jobs. */
export interface Removing {
  /** Whether there was such a job; or the ids of some that wait for it, and nothing is deleted. */
  one(id: string, cascade?: boolean): Promise<boolean | readonly string[]>;
  /** How many there were; or the ids of some that wait for them and are not among them, and nothing is deleted. */
  many(selection: JobSelection, options?: RemovalOptions): Promise<number | readonly string[]>;
  /** Deletes all jobs. */
  all(): Promise<void>;
}

/** Creates what deletes jobs. */
export function createRemoving(
  { store, searching, settling, terms }: {
    readonly store: Store;
    readonly searching: Searching;
    readonly settling: Settling;
    terms(): FinishTerms;
  },
): Removing {
  /** The keys of a selection that are among some. */
  const among = async (
    seqs: readonly number[],
    selection: JobSelection,
    { matches, signal }: RemovalOptions,
  ): Promise<ReadonlySet<number>> => {
    const found = new Set<number>();
    for await (const piece of searching.pieces({ ...selection, seq: seqs }, matches, signal)) {
      for (const seq of piece.seq!) found.add(seq);
    }
    return found;
  };

  /** Whether any job of a selection is waited for; or the ids of some that wait and are not in it. */
  const findDependents = async (
    selection: JobSelection,
    options: RemovalOptions,
  ): Promise<boolean | readonly string[]> => {
    const outside = new Set<number>();
    let isAny = false;
    let parents: number[] | undefined;
    if (selection.id !== undefined) {
      parents = [];
      for await (const piece of searching.pieces(selection, options.matches, options.signal)) {
        parents.push(...piece.seq!);
      }
    }
    let behind: LinkRow | undefined;
    for (;;) {
      const links = await store.read(listLinks(behind, parents));
      const inside = await among(seqsOf(links, "parent"), selection, options);
      const awaited = links.filter(({ parent }) => inside.has(parent));
      if (awaited.length > 0) {
        isAny = true;
        const seqs = seqsOf(awaited, "job");
        const covered = await among(seqs, selection, options);
        for (const seq of seqs) if (!covered.has(seq)) outside.add(seq);
      }
      behind = links.at(-1);
      if (links.length < linksAtOnce || outside.size >= shownLinks) break;
    }
    if (outside.size === 0) return isAny;
    return await store.read(idsOf([...outside].slice(0, shownLinks)));
  };

  return {
    one: (id, cascade = false) => store.write(() => removeJob(id, { terms: terms(), cascade })),
    async many(selection, { cascade = false, ...options } = {}) {
      const found = !cascade && await findDependents(selection, options);
      if (typeof found !== "boolean") return found;
      // What is left of a piece for later would be deleted without being counted.
      const goOn = found ? settling.hold() : () => {};
      let count = 0;
      try {
        const { matches, signal } = options;
        for await (const piece of searching.pieces(selection, matches, signal)) {
          count += await store.write(() => removeJobs(piece, terms()));
        }
      } finally {
        goOn();
      }
      return count;
    },
    async all() {
      for await (const piece of searching.pieces({}, undefined)) {
        await store.write(() => removeJobs(piece, terms()));
      }
    },
  };
}

function seqsOf(links: readonly LinkRow[], side: "parent" | "job"): readonly number[] {
  return [...new Set(links.map((link) => link[side]))];
}
