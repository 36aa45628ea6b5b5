/**
 * `millrace tail`: what happens to jobs, as it happens.
 *
 * @module
 */

import process from "node:process";
import { toSpanText } from "../../../src/async/span-text.ts";
import { createEvents, type EventGap, type JobEvent } from "../../../src/client/mod.ts";
import { type EventKind, eventKinds } from "../../../src/protocol/events.ts";
import { toPrintable } from "../../../src/printable.ts";
import { describeFlags, type Flags } from "../options.ts";
import { suggest } from "../suggest.ts";
import { readInteger } from "../values.ts";
import {
  type BrokerConfig,
  brokerFlags,
  type FilterConfig,
  filterFlags,
  formFlags,
  toClientOptions,
  toOptional,
} from "./flags.ts";
import { type Form, isForPeople, type Output } from "./output.ts";

/** What `millrace tail` is told. */
export interface TailConfig
  extends BrokerConfig, Form, Pick<FilterConfig, "id" | "queue" | "type" | "tag"> {
  readonly event: readonly EventKind[] | undefined;
  readonly count: number | undefined;
}

/** The flags of `millrace tail`. */
export const tailFlags: Flags<TailConfig> = {
  id: filterFlags.id,
  queue: filterFlags.queue,
  type: filterFlags.type,
  tag: filterFlags.tag,
  event: { ...toOptional("KIND,…", readKinds, eventKinds.join(", ")), isList: true },
  count: toOptional("N", readInteger(1, 2 ** 32 - 1), "how many events, then it ends"),
  ...formFlags,
  ...brokerFlags,
};

/** The help of `millrace tail`. */
export const tailHelp: string = `Usage: millrace tail [flags]

Shows what happens to jobs until it is stopped (Ctrl+C). It goes on after a break of the connection, and says if something
was missed. Needs a Millrace broker.

${describeFlags(tailFlags)}`;

function readKinds(text: string): readonly EventKind[] {
  return text.split(",").map((name) => {
    const kind = eventKinds.find((kind) => kind === name);
    if (kind !== undefined) return kind;
    throw new Error(`some of ${eventKinds.join(", ")}${suggest(name, eventKinds, "")}`);
  });
}

/** Shows events until a signal comes. */
export async function runTail(config: TailConfig, output: Output): Promise<void> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, stop);
  const { signal } = stopping;
  const { id, queue, type, tag, event: kinds } = config;
  let left = config.count ?? Infinity;
  const events = createEvents(toClientOptions(config)).listen({
    id,
    queue,
    type,
    tag,
    kinds,
    signal,
    disconnected: ({ error, retryInMs }) =>
      output.note(toPrintable(
        `${error instanceof Error ? error.message : "The broker ended the stream"}, again in ${
          toSpanText(retryInMs)
        }`,
      )),
  });
  const isForEyes = isForPeople(output, config);
  try {
    for await (const event of events) {
      await output.write(isForEyes ? describe(event) : `${JSON.stringify(event)}\n`);
      if (--left <= 0) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, stop);
  }
}

const kindWidth = Math.max(...eventKinds.map((kind) => kind.length));

function describe(event: JobEvent | EventGap): string {
  const time = new Date(event.at).toISOString().slice(11, 19);
  if (event.event === "gap") return `${time} some events are missing here\n`;
  const { event: kind, id, type, queue, fromQueue, worker } = event;
  const words = [
    time,
    kind.padEnd(kindWidth),
    id,
    type,
    fromQueue === undefined ? queue : `${fromQueue} → ${queue}`,
    ...worker === undefined ? [] : [`(${worker})`],
  ];
  return `${toPrintable(words.join("  "))}\n`;
}
