/** What dead jobs died of, in groups. */

import { useState } from "preact/hooks";
import { change, segment, withQuery } from "../api.ts";
import { count, many } from "../format.ts";
import { useLive } from "../live.ts";
import type { JobPage, Pages } from "../model.ts";
import { JobTable } from "../parts/job-table.tsx";
import { EmptyPage, Pager } from "../parts/pager.tsx";
import { Heading, Shown, Table, Text } from "../parts/small.tsx";
import { act, ask, link, mayManage, place } from "../state.ts";

interface GroupPage {
  readonly groups: readonly { readonly group: string; readonly count: number }[];
  readonly pages: Pages;
}

/** As many as a burning queue has, as a rule. */
const groupsAtOnce = 1000;

/** The largest first; by their names where there are more than one page has. */
function inOrder(groups: GroupPage["groups"], { next, prev }: Pages): GroupPage["groups"] {
  if (next !== null || prev !== null) return groups;
  return [...groups].sort((a, b) => b.count - a.count);
}

export function Failures() {
  const from = place.value.query.get("from") ?? undefined;
  const loaded = useLive<GroupPage>(withQuery("/failures", { from, limit: groupsAtOnce }));
  return (
    <>
      <Heading actions={mayManage.value && (loaded.value?.groups.length ?? 0) > 0 && <All />}>
        Failures
      </Heading>
      <Shown loaded={loaded}>
        {({ groups, pages }) =>
          groups.length === 0 ? <EmptyPage>No job is dead. Good.</EmptyPage> : (
            <>
              <Table label="Groups of failures" heads={["What they died of", "#Jobs", ""]}>
                {inOrder(groups, pages).map((group) => <Group key={group.group} {...group} />)}
              </Table>
              <Pager pages={pages} />
            </>
          )}
      </Shown>
    </>
  );
}

/** What can be done with all dead jobs. */
function All() {
  const dead = useLive<{ count: number }>("/jobs/count?status=dead");
  const size = dead.value?.count;
  const retry = async () => {
    const text =
      "All dead jobs run again as if they had never run, those that died first come first.";
    if (!await ask(`Retry all ${many(size ?? 0, "job")}?`, text, "Retry all")) return;
    await act(
      ({ requeued }: { readonly requeued: number }) =>
        many(requeued, "job runs again", "jobs run again"),
      () => change("POST", "/failures/requeue", {}),
    );
  };
  return (
    <button type="button" disabled={size === undefined} onClick={retry}>
      Retry all {size === undefined ? "" : count(size)}
    </button>
  );
}

/** The jobs of a group that died last. */
function Sample({ group }: { readonly group: string }) {
  const loaded = useLive<JobPage>(
    withQuery("/jobs", {
      status: "dead",
      failure_group: group,
      sort: "failed_at",
      order: "desc",
      limit: 6,
      last_error: true,
      max_payload: 500,
    }),
  );
  return (
    <Shown loaded={loaded}>
      {({ jobs }) => <JobTable jobs={jobs} label={`Jobs that died of ${group}`} />}
    </Shown>
  );
}

function Group({ group, count: size }: { readonly group: string; readonly count: number }) {
  const [isOpen, setOpen] = useState(false);
  const retry = async () => {
    if (
      !await ask(`Retry ${many(size, "job")}?`, `All that died of '${group}' run again.`, "Retry")
    ) return;
    await act(
      ({ requeued }: { readonly requeued: number }) =>
        many(requeued, "job runs again", "jobs run again"),
      () => change("POST", `/failures/${segment(group)}/requeue`, {}),
    );
  };
  const remove = async () => {
    if (
      !await ask(
        `Delete ${many(size, "job")}?`,
        `All that died of '${group}' are gone for good.`,
        "Delete",
      )
    ) return;
    const query = { status: "dead", failure_group: group };
    await act(
      ({ deleted }: { readonly deleted: number }) => `${many(deleted, "job")} deleted`,
      () => change("DELETE", withQuery("/jobs", query)),
    );
  };
  return (
    <>
      <tr>
        <td>
          <button
            type="button"
            class="as-link"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            <Text of={group} />
          </button>
        </td>
        <td class="number">
          <a href={link(["jobs"], { status: "dead", failure_group: group })}>{count(size)}</a>
        </td>
        <td class="end">
          {mayManage.value && (
            <div class="row end">
              <button type="button" onClick={retry}>Retry</button>
              <button type="button" class="danger" onClick={remove}>Delete</button>
            </div>
          )}
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={3}>
            <Sample group={group} />
          </td>
        </tr>
      )}
    </>
  );
}
