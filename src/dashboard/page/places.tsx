/** The pages that the frame leads to. */

import type { ComponentChildren } from "preact";
import type { IconName } from "./parts/icon.tsx";
import { Batches } from "./pages/batches.tsx";
import { Budgets } from "./pages/budgets.tsx";
import { Crons } from "./pages/crons.tsx";
import { Failures } from "./pages/failures.tsx";
import { JobDetails } from "./pages/job.tsx";
import { Jobs } from "./pages/jobs.tsx";
import { Overview } from "./pages/overview.tsx";
import { QueueDetails } from "./pages/queue.tsx";
import { RequestDetails } from "./pages/request.tsx";
import { Requests } from "./pages/requests.tsx";
import { Settings } from "./pages/settings.tsx";
import { Tags } from "./pages/tags.tsx";
import { Tracked } from "./pages/tracked.tsx";
import { Workers } from "./pages/workers.tsx";

/** A page. */
export interface PlaceRow {
  /** The first segment behind `#/`. */
  readonly path: string;
  readonly name: string;
  readonly icon: IconName;
  /** The key that leads there, after `g`. */
  readonly key: string;
  /** What stands together in the frame. */
  readonly group: "work" | "parts" | "rest";
  readonly view: () => ComponentChildren;
  /** What is shown of one of them, if its name stands behind the path. */
  readonly one?: (name: string) => ComponentChildren;
}

export const places: readonly PlaceRow[] = [
  {
    path: "",
    name: "Overview",
    icon: "overview",
    key: "o",
    group: "work",
    view: () => <Overview />,
  },
  {
    path: "jobs",
    name: "Jobs",
    icon: "jobs",
    key: "j",
    group: "work",
    view: () => <Jobs />,
    one: (id) => <JobDetails key={id} id={id} />,
  },
  {
    path: "failures",
    name: "Failures",
    icon: "failures",
    key: "f",
    group: "work",
    view: () => <Failures />,
  },
  {
    path: "crons",
    name: "Recurring",
    icon: "crons",
    key: "r",
    group: "work",
    view: () => <Crons />,
  },
  {
    path: "batches",
    name: "Batches",
    icon: "batches",
    key: "a",
    group: "work",
    view: () => <Batches />,
  },
  {
    path: "requests",
    name: "Outbound HTTP",
    icon: "requests",
    key: "h",
    group: "work",
    view: () => <Requests />,
    one: (id) => <RequestDetails key={id} id={id} />,
  },
  {
    path: "workers",
    name: "Workers",
    icon: "workers",
    key: "w",
    group: "parts",
    view: () => <Workers />,
  },
  {
    path: "budgets",
    name: "Budgets",
    icon: "budgets",
    key: "b",
    group: "parts",
    view: () => <Budgets />,
  },
  { path: "tags", name: "Tags", icon: "tags", key: "t", group: "parts", view: () => <Tags /> },
  {
    path: "tracked",
    name: "Tracked",
    icon: "tracked",
    key: "k",
    group: "parts",
    view: () => <Tracked />,
  },
  {
    path: "settings",
    name: "Settings",
    icon: "settings",
    key: "s",
    group: "rest",
    view: () => <Settings />,
  },
];

/** Places that stand in no list of the frame, and what they belong to. */
export const hidden: Readonly<
  Record<string, { readonly within: string; readonly one: (name: string) => ComponentChildren }>
> = {
  queues: { within: "", one: (queue) => <QueueDetails queue={queue} /> },
};
