/** Jobs that somebody keeps an eye on. */

import { change, segment, withQuery } from "../api.ts";
import { useLive } from "../live.ts";
import type { JobPage } from "../model.ts";
import { JobTable } from "../parts/job-table.tsx";
import { Heading, Shown } from "../parts/small.tsx";
import { EmptyPage, Pager } from "../parts/pager.tsx";
import { act, link, mayManage, place } from "../state.ts";

export function Tracked() {
  const from = place.value.query.get("from") ?? undefined;
  const loaded = useLive<JobPage>(withQuery("/tracked", { from, limit: 100, max_payload: 1000 }));
  return (
    <>
      <Heading
        actions={<a class="button" href={link(["jobs"], { tracked: "true" })}>By status</a>}
      >
        Tracked jobs
      </Heading>
      <Shown loaded={loaded}>
        {({ jobs, expired = [], pages }) => (
          <>
            {jobs.length === 0
              ? <EmptyPage>No job is tracked. The page of a job has a button for it.</EmptyPage>
              : <JobTable jobs={jobs} label="Tracked jobs" />}
            <Pager pages={pages} />
            {expired.length > 0 && (
              <>
                <h2>Gone since</h2>
                <ul class="ids">
                  {expired.map((id) => (
                    <li key={id}>
                      <code>{id}</code> {mayManage.value && (
                        <button
                          type="button"
                          class="quiet"
                          onClick={() =>
                            act("Forgotten", () => change("DELETE", `/jobs/${segment(id)}/track`))}
                        >
                          Forget
                        </button>
                      )}
                    </li>
                  ))}
                </ul>
              </>
            )}
          </>
        )}
      </Shown>
    </>
  );
}
