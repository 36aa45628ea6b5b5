/** What dead jobs died of, in groups. */

import { change, segment, withQuery } from "../api.ts";
import { count } from "../format.ts";
import { useLive } from "../live.ts";
import type { Pages } from "../model.ts";
import { Pager } from "../parts/pager.tsx";
import { Empty, Heading, Shown, Table, Text } from "../parts/small.tsx";
import { act, ask, link, mayManage, place } from "../state.ts";

interface GroupPage {
  readonly groups: readonly { readonly group: string; readonly count: number }[];
  readonly pages: Pages;
}

export function Failures() {
  const from = place.value.query.get("from") ?? undefined;
  const loaded = useLive<GroupPage>(withQuery("/failures", { from, limit: 100 }));
  return (
    <>
      <Heading>Failures</Heading>
      <Shown loaded={loaded}>
        {({ groups, pages }) =>
          groups.length === 0 ? <Empty>No job is dead. Good.</Empty> : (
            <>
              <Table label="Groups of failures" heads={["What they died of", "#Jobs", ""]}>
                {groups.map((group) => <Group key={group.group} {...group} />)}
              </Table>
              <Pager pages={pages} />
            </>
          )}
      </Shown>
    </>
  );
}

function Group({ group, count: size }: { readonly group: string; readonly count: number }) {
  const retry = async () => {
    if (
      !await ask(`Retry ${count(size)} jobs?`, `All that died of '${group}' run again.`, "Retry")
    ) return;
    await act(
      `${count(size)} jobs run again`,
      () => change("POST", `/failures/${segment(group)}/requeue`, {}),
    );
  };
  const remove = async () => {
    if (
      !await ask(
        `Delete ${count(size)} jobs?`,
        `All that died of '${group}' are gone for good.`,
        "Delete",
      )
    ) return;
    const query = { status: "dead", failure_group: group };
    await act(`${count(size)} jobs deleted`, () => change("DELETE", withQuery("/jobs", query)));
  };
  return (
    <tr>
      <td>
        <a href={link(["jobs"], { status: "dead", failure_group: group })}>
          <Text of={group} />
        </a>
      </td>
      <td class="number">{count(size)}</td>
      <td class="end">
        {mayManage.value && (
          <div class="row end">
            <button type="button" onClick={retry}>Retry</button>
            <button type="button" class="danger" onClick={remove}>Delete</button>
          </div>
        )}
      </td>
    </tr>
  );
}
