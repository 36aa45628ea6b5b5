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
  /** The groups that want an event. */
  wanting(event: KeptEvent): Iterable<EventGroup<Listener>>;
}

/** What a group is looked up by: the first that its filter has. */
const indexed = ["id", "worker", "queue", "type"] as const;

/** Creates no groups. */
export function createEventGroups<Listener>(): EventGroups<Listener> {
  type Group = EventGroup<Listener>;
  const groups = new Map<string, Group>();
  const others = new Set<Group>();
  const index = new Map<string, Set<Group>>();

  /** The sets that a group stands in. */
  const keysOf = ({ filter }: Group): string[] | undefined => {
    const name = indexed.find((name) => filter[name] !== undefined);
    return name && filter[name]!.map((value) => `${name} ${value}`);
  };

  return {
    join(format, filter) {
      const key = `${format} ${JSON.stringify(filter)}`;
      let group = groups.get(key);
      if (group === undefined) {
        const wants = toPredicate(filter);
        group = { key, format, filter, wants, upToDate: new Set(), size: 0, text: "" };
        groups.set(key, group);
        const keys = keysOf(group);
        if (keys === undefined) others.add(group);
        for (const key of keys ?? []) {
          const set = index.get(key);
          if (set === undefined) index.set(key, new Set([group]));
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
      for (const key of keysOf(group) ?? []) {
        const set = index.get(key);
        set?.delete(group);
        if (set?.size === 0) index.delete(key);
      }
    },
    *wanting(event) {
      for (const group of others) if (group.wants(event)) yield group;
      if (index.size === 0) return;
      const { id, worker, queue, fromQueue, type } = event;
      const seen = fromQueue === undefined ? undefined : new Set<Group>();
      const keys = [`id ${id}`, `worker ${worker}`, `queue ${queue}`, `type ${type}`];
      if (fromQueue !== undefined) keys.push(`queue ${fromQueue}`);
      for (const key of keys) {
        for (const group of index.get(key) ?? []) {
          if (seen?.has(group) || !group.wants(event)) continue;
          seen?.add(group);
          yield group;
        }
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
