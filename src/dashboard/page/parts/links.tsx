/** What a job waits for, and what waits for it: a small graph. */

import { segment } from "../api.ts";
import { count } from "../format.ts";
import { useLive } from "../live.ts";
import { JobLink, Shown, Text } from "./small.tsx";

interface LinksOfJob {
  readonly depends_on: readonly {
    readonly id: string;
    readonly on_dead: string;
    readonly name?: string;
  }[];
  readonly dependents: readonly string[];
  readonly dependents_count: number;
}

export function Links({ id }: { readonly id: string }) {
  const loaded = useLive<LinksOfJob>(`/jobs/${segment(id)}/dependencies`);
  return (
    <>
      <h2>Dependencies</h2>
      <Shown loaded={loaded}>
        {({ depends_on: parents, dependents, dependents_count: all }) => (
          <div class="graph">
            <ul aria-label="It waits for">
              {parents.slice(0, 20).map((parent) => (
                <li key={parent.id}>
                  <JobLink id={parent.id} />{" "}
                  <span class="hint">
                    <Text of={parent.name} /> {parent.on_dead}
                  </span>
                </li>
              ))}
              {parents.length > 20 && <li class="hint">and {count(parents.length - 20)} more</li>}
              {parents.length === 0 && <li class="hint">It waits for nothing</li>}
            </ul>
            <span class="arrow" aria-hidden="true">→</span>
            <span class="this">
              <Text of={id} />
            </span>
            <span class="arrow" aria-hidden="true">→</span>
            <ul aria-label="These wait for it">
              {dependents.slice(0, 20).map((child) => (
                <li key={child}>
                  <JobLink id={child} />
                </li>
              ))}
              {all > Math.min(20, dependents.length) && (
                <li class="hint">and {count(all - Math.min(20, dependents.length))} more</li>
              )}
              {all === 0 && <li class="hint">Nothing waits for it</li>}
            </ul>
          </div>
        )}
      </Shown>
    </>
  );
}
