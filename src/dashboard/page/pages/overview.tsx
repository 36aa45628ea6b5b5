/** All queues at a glance, and how fast jobs go. */

import { change, segment, withQuery } from "../api.ts";
import { compact, count, many, statusLabel } from "../format.ts";
import { flow, isSettling, useLive } from "../live.ts";
import type { Pages, Queue, Worker } from "../model.ts";
import { Chart } from "../parts/chart.tsx";
import { Age, CountCell, Heading, QueueLink, Shown, Table, Text } from "../parts/small.tsx";
import { EmptyPage, Pager } from "../parts/pager.tsx";
import { Trends } from "../parts/trends.tsx";
import { act, link, mayManage, now, place } from "../state.ts";

interface QueuePage {
  readonly queues: readonly Queue[];
  readonly pages: Pages;
}

const kinds = ["ready", "in_flight", "scheduled", "blocked", "dead"] as const;

function sum(queues: readonly Queue[], kind: (typeof kinds)[number]): number {
  return queues.reduce((all, queue) => all + queue[kind], 0);
}

export function togglePause(queue: string, isPaused: boolean): Promise<boolean> {
  const set = (paused: boolean) => change("PATCH", `/queues/${segment(queue)}`, { paused });
  return act(
    isPaused ? `Queue '${queue}' goes on` : `Queue '${queue}' is paused`,
    () => set(!isPaused),
    () => set(isPaused),
  );
}

/** Queues of a page, and of how many the worst are looked for. */
const [shownQueues, sortedQueues] = [200, 2000];

/** What queues can be ordered by, the largest first. */
const columns: readonly {
  readonly key: string;
  readonly name: string;
  of(queue: Queue): number;
}[] = [
  { key: "ready", name: "Ready", of: (queue) => queue.ready },
  { key: "oldest", name: "Oldest", of: ({ oldest_ready_at: at }) => at === undefined ? 0 : 1 / at },
  { key: "in_flight", name: "In flight", of: (queue) => queue.in_flight },
  { key: "scheduled", name: "Scheduled", of: (queue) => queue.scheduled },
  { key: "blocked", name: "Blocked", of: (queue) => queue.blocked },
  { key: "dead", name: "Dead", of: (queue) => queue.dead },
  { key: "completed", name: "Completed", of: (queue) => queue.completed },
];

export function Overview() {
  const { query } = place.value;
  const from = query.get("from") ?? undefined;
  const sort = columns.find(({ key }) => key === query.get("sort"));
  const loaded = useLive<QueuePage>(
    withQuery("/queues", {
      detail: true,
      age: true,
      ...sort === undefined ? { limit: shownQueues, from } : { limit: sortedQueues },
    }),
  );
  const workers = useLive<{ workers: readonly Worker[] }>("/workers?limit=200");
  // All at the same time: the page is shown when the last of them is there.
  const failures = useLive<Groups>("/failures?limit=1000");
  const tracked = useLive<{ count: number }>("/jobs/count?tracked=true");
  return (
    <>
      <Heading>Overview</Heading>
      <Shown loaded={loaded}>
        {({ queues, pages }) => (
          <>
            <Tiles
              queues={queues}
              isPart={pages.prev !== null || pages.next !== null}
              workers={workers.value?.workers}
            />
            <Flow />
            <Attention failures={failures.value} tracked={tracked.value?.count ?? 0} />
            <Trends />
            <Queues
              queues={sort === undefined
                ? queues
                : [...queues].sort((a, b) => sort.of(b) - sort.of(a)).slice(0, shownQueues)}
              sort={sort?.key}
            />
            {sort === undefined ? <Pager pages={pages} /> : (
              queues.length > shownQueues && (
                <p class="hint">
                  The first {count(shownQueues)} of {pages.next !== null && "the first "}
                  {count(queues.length)} queues.
                </p>
              )
            )}
          </>
        )}
      </Shown>
    </>
  );
}

/** So many groups are named; the largest of as many as one page has. */
const namedGroups = 5;

interface Groups {
  readonly groups: readonly { readonly group: string; readonly count: number }[];
  readonly pages: Pages;
}

/** What somebody should look at: what jobs die of, and what is tracked. */
function Attention(
  { failures, tracked: size }: {
    readonly failures: Groups | undefined;
    readonly tracked: number;
  },
) {
  const groups = [...failures?.groups ?? []].sort((a, b) => b.count - a.count);
  const isPart = failures?.pages.next != null;
  if (groups.length === 0 && size === 0) return null;
  return (
    <section class="card attention" aria-label="What to look at">
      {groups.length > 0 && (
        <p class="row">
          <strong>Jobs die of</strong>
          {groups.slice(0, namedGroups).map(({ group, count: jobs }) => (
            <a
              key={group}
              class="badge dead"
              href={link(["jobs"], { status: "dead", failure_group: group })}
            >
              <Text of={group} /> {compact(jobs)}
            </a>
          ))}
          {groups.length > namedGroups && (
            <a href={link(["failures"])}>
              and {isPart && "more than "}
              {count(groups.length - namedGroups)} more
            </a>
          )}
        </p>
      )}
      {size > 0 && (
        <p class="row">
          <strong>Tracked</strong>
          <a href={link(["tracked"])}>{many(size, "job")}</a>
        </p>
      )}
    </section>
  );
}

function Tiles(
  { queues, isPart, workers }: {
    readonly queues: readonly Queue[];
    /** Whether there are more queues than these. */
    readonly isPart: boolean;
    readonly workers: readonly Worker[] | undefined;
  },
) {
  const alive = workers?.filter(({ last_seen_at: at }) => at !== null && at > now.value - 120_000);
  return (
    <dl class="tiles">
      {kinds.map((kind) => (
        <Tile key={kind} kind={kind} of={isPart ? undefined : sum(queues, kind)} />
      ))}
      <div class="tile">
        <dt>workers</dt>
        <dd>{alive === undefined ? "–" : count(alive.length)}</dd>
      </div>
    </dl>
  );
}

/**
 * How many jobs have a status.
 *
 * @param of Undefined where not all queues are known: then all jobs are counted.
 */
function Tile(
  { kind, of }: { readonly kind: (typeof kinds)[number]; readonly of: number | undefined },
) {
  // Nobody waits for the page until that is known as well.
  const isAsked = of === undefined && !isSettling.value;
  const counted = useLive<{ count: number }>(isAsked ? `/jobs/count?status=${kind}` : undefined);
  const size = of ?? counted.value?.count;
  return (
    <div class={`tile ${kind}`}>
      <dt>{statusLabel(kind)}</dt>
      <dd title={size === undefined ? undefined : count(size)}>
        {size === undefined ? "–" : compact(size)}
      </dd>
    </div>
  );
}

/** How fast jobs come and go, while events come. */
function Flow() {
  const beats = flow.value;
  return (
    <div class="card">
      <Chart
        label="Jobs a second"
        times={beats.map(({ at }) => at)}
        lines={[
          { label: "enqueued", color: "scheduled", values: beats.map(({ enqueued }) => enqueued) },
          {
            label: "succeeded",
            color: "completed",
            values: beats.map(({ succeeded }) => succeeded),
          },
          { label: "failed", color: "dead", values: beats.map(({ failed }) => failed) },
        ]}
      />
    </div>
  );
}

function Queues(
  { queues, sort }: { readonly queues: readonly Queue[]; readonly sort: string | undefined },
) {
  if (queues.length === 0) {
    return (
      <EmptyPage>
        No queue has jobs yet. A queue is there as soon as a job is enqueued into it.
      </EmptyPage>
    );
  }
  const over = place.value.query.get("over") ?? undefined;
  const heads = [
    sort === undefined ? "Queue" : <a href={link([], { over })}>Queue</a>,
    ...columns.map(({ key, name }) => ({
      name,
      href: link([], { sort: key, over }),
      isSorted: key === sort,
    })),
    "",
  ];
  return (
    <Table label="Queues" heads={heads} isEven>
      {queues.map((of) => (
        <tr key={of.queue}>
          <td>
            <QueueLink queue={of.queue} /> {of.paused && <span class="badge paused">paused</span>}
            {of.stalled > 0 && <span class="badge dead">{count(of.stalled)} stalled</span>}
          </td>
          <CountCell of={of.ready} queue={of.queue} status="ready" />
          {of.oldest_ready_at === undefined ? <td class="number faint">–</td> : (
            <td class="number">
              <Age since={of.oldest_ready_at} />
            </td>
          )}
          <CountCell of={of.in_flight} queue={of.queue} status="in_flight" />
          <CountCell of={of.scheduled} queue={of.queue} status="scheduled" />
          <CountCell of={of.blocked} queue={of.queue} status="blocked" />
          <CountCell of={of.dead} queue={of.queue} status="dead" />
          <CountCell of={of.completed} queue={of.queue} status="completed" />
          <td class="end">
            {mayManage.value && (
              <button
                type="button"
                class="quiet"
                onClick={() => togglePause(of.queue, of.paused)}
              >
                {of.paused ? "Go on" : "Pause"}
              </button>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}
