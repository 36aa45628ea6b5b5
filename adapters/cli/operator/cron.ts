/**
 * `millrace cron`: the cron entries of a broker.
 *
 * @module
 */

import { toSpanText } from "../../../src/async/span-text.ts";
import { createClient, createCrons, type CronEntry } from "../../../src/client/mod.ts";
import { describeFlags, type Flags } from "../options.ts";
import { type Action, runAction } from "./actions.ts";
import { type BrokerConfig, brokerFlags, formFlags, toClientOptions } from "./flags.ts";
import { createWriter, type Form, type Output } from "./output.ts";
import type { Column } from "./table.ts";

/** What `millrace cron` is told. */
export interface CronConfig extends BrokerConfig, Form {}

/** The flags of `millrace cron`. */
export const cronFlags: Flags<CronConfig> = { ...formFlags, ...brokerFlags };

/** The help of `millrace cron`. */
export const cronHelp: string = `Usage: millrace cron [flags] ACTION

  ls                      list all entries, with when they come round next
  run GROUP ENTRY         enqueue the job of an entry now, and print its id
  pause GROUP [ENTRY]     let an entry, or a whole group, enqueue nothing
  resume GROUP [ENTRY]    let it go on

${describeFlags(cronFlags)}`;

/** An entry, with its group. */
interface Row extends CronEntry {
  readonly group: string;
  readonly isGroupPaused: boolean;
}

const toColumns = (now: number): readonly Column<Row>[] => [
  { title: "GROUP", of: ({ group }) => group, cut: true },
  { title: "ENTRY", of: ({ name }) => name, cut: true },
  { title: "TYPE", of: ({ job }) => job.type, cut: true },
  { title: "QUEUE", of: ({ job }) => job.queue, cut: true },
  { title: "WHEN", of: describeSchedule },
  { title: "NEXT", of: (row) => describeNext(row, now) },
  { title: "LAST", of: ({ lastEnqueueAt: at }) => at ? `${toSpanText(now - at)} ago` : "" },
];

function describeSchedule({ expression, everyMs, timezone }: Row): string {
  if (everyMs !== undefined) return `every ${toSpanText(everyMs)}`;
  return timezone === undefined ? expression ?? "" : `${expression} ${timezone}`;
}

function describeNext({ paused, isGroupPaused, nextEnqueueAt }: Row, now: number): string {
  if (paused) return "paused";
  if (isGroupPaused) return "group paused";
  return nextEnqueueAt === undefined ? "never" : `in ${toSpanText(nextEnqueueAt - now)}`;
}

/** Runs one action. */
export async function runCron(
  positionals: readonly string[],
  config: CronConfig,
  output: Output,
): Promise<void> {
  const options = toClientOptions(config);
  const crons = createCrons(options);

  const pause = (paused: boolean): Action<CronConfig> => ({
    takes: ["GROUP", "[ENTRY]"],
    async run([group, entry]) {
      if (entry === undefined) await crons.patch(group!, { paused });
      else await crons.patchEntry({ group: group!, entry }, { paused });
      const name = entry === undefined ? group : `${group} ${entry}`;
      await output.write(`${paused ? "Paused" : "Resumed"} ${name}\n`);
    },
  });

  const actions: Readonly<Record<string, Action<CronConfig>>> = {
    ls: {
      takes: [],
      async run() {
        const rows: Row[] = [];
        for (const name of await crons.list()) {
          const { paused, entries } = await crons.get(name);
          for (const entry of entries) {
            rows.push({ group: name, isGroupPaused: paused, ...entry });
          }
        }
        await createWriter(output, config, toColumns(Date.now())).write(rows);
      },
    },
    run: {
      takes: ["GROUP", "ENTRY"],
      async run([group, entry]) {
        const { job } = await crons.getEntry({ group: group!, entry: entry! });
        const request = { ...job, payload: job.payload ?? null };
        const { id } = await createClient(options).enqueue(request);
        await output.write(`${id}\n`);
      },
    },
    pause: pause(true),
    resume: pause(false),
  };
  await runAction(actions, positionals, config);
}
