/**
 * Those who listen to the same events in the same format: what they are told is made once for all of them. An index leads
 * from an event to the groups that may want it, so that a thousand who listen to one job each cost no more than one.
 *
 * @module
 */

import type { EventFilter } from "../../protocol/events.ts";
import type { EventFormat } from "../../protocol/events-query.ts";
import type { KeptEvent } from "./event-ring.ts";

/** A group of listeners. */
export interface EventGroup<Listener> {
  readonly key: string;
  readonly format: EventFormat;
  readonly filter: EventFilter;
  readonly wants: (event: KeptEvent) => boolean;
  /** Those who have been told all that there is. */
  readonly upToDate: Set<Listener>;
  /** How many it has, those who are behind included. */
  size: number;
  /** What is to be told, not encoded. */
  text: string;
}

/** The groups that there are. */
export interface EventGroups<Listener> {
  join(format: EventFormat, filter: EventFilter): EventGroup<Listener>;
  leave(group: EventGroup<Listener>): void;
  /** Visits the groups that want an event, each once. */
  forEachWanting(event: KeptEvent, visit: (group: EventGroup<Listener>) => void): void;
}

/** What a group is looked up by: the first that its filter has. */
const indexed = ["id", "worker", "queue", "type"] as const;

/** Creates no groups. */
export function createEventGroups<Listener>(): EventGroups<Listener> {
  type Group = EventGroup<Listener>;
  const groups = new Map<string, Group>();
  const others = new Set<Group>();
  const createIndex = () => new Map<string, Set<Group>>();
  const index = {
    id: createIndex(),
    worker: createIndex(),
    queue: createIndex(),
    type: createIndex(),
  };

  const nameOf = ({ filter }: Group) => indexed.find((name) => filter[name] !== undefined);

  /** Visits the groups that stand under a value; most events find none. */
  const visitUnder = (
    name: typeof indexed[number],
    event: KeptEvent,
    visit: (group: Group) => void,
  ) => {
    const sets = index[name];
    const value = event[name];
    if (sets.size === 0 || value === undefined) return;
    for (const group of sets.get(value) ?? []) if (group.wants(event)) visit(group);
  };

  return {
    join(format, filter) {
      const key = `${format} ${JSON.stringify(filter)}`;
      let group = groups.get(key);
      if (group === undefined) {
        const wants = toPredicate(filter);
        group = { key, format, filter, wants, upToDate: new Set(), size: 0, text: "" };
        groups.set(key, group);
        const name = nameOf(group);
        if (name === undefined) others.add(group);
        for (const value of name === undefined ? [] : filter[name]!) {
          const set = index[name!].get(value);
          if (set === undefined) index[name!].set(value, new Set([group]));
          else set.add(group);
        }
      }
      group.size++;
      return group;
    },
    leave(group) {
      if (--group.size > 0) return;
      groups.delete(group.key);
      others.delete(group);
      const name = nameOf(group);
      for (const value of name === undefined ? [] : group.filter[name]!) {
        const set = index[name!].get(value);
        set?.delete(group);
        if (set?.size === 0) index[name!].delete(value);
      }
    },
    forEachWanting(event, visit) {
      for (const group of others) if (group.wants(event)) visit(group);
      for (const name of indexed) visitUnder(name, event, visit);
      const { fromQueue, queue } = event;
      if (fromQueue === undefined) return;
      for (const group of index.queue.get(fromQueue) ?? []) {
        // Those that want both queues have been visited.
        if (!group.filter.queue!.includes(queue) && group.wants(event)) visit(group);
      }
    },
  };
}

function toPredicate(filter: EventFilter): (event: KeptEvent) => boolean {
  const { id, type, queue, tag, tracked, worker, kind } = filter;
  const [ids, types, queues, tags, workers, kinds] = [id, type, queue, tag, worker, kind]
    .map((list) => list && new Set<string>(list));
  return (event) =>
    (ids === undefined || ids.has(event.id)) &&
    (kinds === undefined || kinds.has(event.kind)) &&
    (types === undefined || types.has(event.type)) &&
    (queues === undefined || queues.has(event.queue) ||
      (event.fromQueue !== undefined && queues.has(event.fromQueue))) &&
    (tags === undefined || event.tags?.some((tag) => tags.has(tag)) === true) &&
    (tracked === undefined || tracked === event.tracked) &&
    (workers === undefined || (event.worker !== undefined && workers.has(event.worker)));
}
