/** What a job waits for, and what waits for it. */

import { change, segment, withQuery } from "../api.ts";
import { count, many } from "../format.ts";
import { useLive } from "../live.ts";
import type { Job } from "../model.ts";
import { act, ask, mayManage } from "../state.ts";
import { JobGraph } from "./graph.tsx";
import { JobLink, Shown, Text } from "./small.tsx";

interface LinksOfJob {
  readonly depends_on: readonly {
    readonly id: string;
    readonly on_dead: string;
    readonly name?: string;
  }[];
  readonly dependents_count: number;
}

/** So many that it waits for are named with what else is known of them. */
const mostShown = 20;

export function Links({ job: { id, status } }: { readonly job: Pick<Job, "id" | "status"> }) {
  const path = `/jobs/${segment(id)}/dependencies`;
  const loaded = useLive<LinksOfJob>(path);
  const mayEdit = mayManage.value && status === "blocked";
  const remove = async (parent: string) => {
    const text = "The job no longer waits for it, and may run before it.";
    if (!await ask(`Stop waiting for '${parent}'?`, text, "Stop waiting")) return;
    await act("It waits for that no more", () => change("DELETE", withQuery(path, { id: parent })));
  };
  return (
    <>
      <h2>Dependencies</h2>
      <JobGraph id={id} />
      <Shown loaded={loaded}>
        {({ depends_on: parents, dependents_count: all }) => (
          <div class="card links">
            <p>
              It waits for {parents.length === 0 ? "nothing" : many(parents.length, "job")}, and
              {" "}
              {all === 0 ? "nothing" : many(all, "job")} {all > 1 ? "wait" : "waits"} for it.
            </p>
            <ul aria-label="It waits for">
              {parents.slice(0, mostShown).map((parent) => (
                <li key={parent.id}>
                  <JobLink id={parent.id} />{" "}
                  <span class="hint">
                    <Text of={parent.name} /> {parent.on_dead}
                  </span>
                  {mayEdit && (
                    <button
                      type="button"
                      class="quiet"
                      aria-label={`Stop waiting for ${parent.id}`}
                      onClick={() => remove(parent.id)}
                    >
                      ×
                    </button>
                  )}
                </li>
              ))}
              {parents.length > mostShown && (
                <li class="hint">and {count(parents.length - mostShown)} more</li>
              )}
              {mayEdit && (
                <li>
                  <form
                    onSubmit={(event) => {
                      event.preventDefault();
                      const form = event.currentTarget;
                      const other = String(new FormData(form).get("other") ?? "").trim();
                      if (other === "") return;
                      form.reset();
                      void act(
                        `It waits for '${other}' too`,
                        () => change("POST", path, { ids: [other] }),
                        () => change("DELETE", withQuery(path, { id: other })),
                      );
                    }}
                  >
                    <input
                      name="other"
                      class="code"
                      aria-label="Another job to wait for, by its id"
                      placeholder="job id"
                    />
                  </form>
                </li>
              )}
            </ul>
          </div>
        )}
      </Shown>
    </>
  );
}
