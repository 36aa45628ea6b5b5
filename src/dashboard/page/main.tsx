/// <reference lib="dom" />
/** The page: its frame, and what stands in it. */

import { signal } from "@preact/signals";
import { render } from "preact";
import { isLive } from "./live.ts";
import { Asked } from "./parts/asked.tsx";
import { Heading } from "./parts/small.tsx";
import { Notices } from "./parts/notices.tsx";
import { SignIn } from "./parts/sign-in.tsx";
import { Budgets } from "./pages/budgets.tsx";
import { Crons } from "./pages/crons.tsx";
import { Failures } from "./pages/failures.tsx";
import { JobDetails } from "./pages/job.tsx";
import { Jobs } from "./pages/jobs.tsx";
import { Overview } from "./pages/overview.tsx";
import { QueueDetails } from "./pages/queue.tsx";
import { Settings } from "./pages/settings.tsx";
import { Tags } from "./pages/tags.tsx";
import { Tracked } from "./pages/tracked.tsx";
import { Workers } from "./pages/workers.tsx";
import { go, link, loadSession, place, session, tellError, theme } from "./state.ts";
import { signOut } from "./api.ts";

const pages = {
  "": ["Overview", () => <Overview />],
  jobs: ["Jobs", () => <Jobs />],
  failures: ["Failures", () => <Failures />],
  workers: ["Workers", () => <Workers />],
  crons: ["Recurring", () => <Crons />],
  budgets: ["Budgets", () => <Budgets />],
  tags: ["Tags", () => <Tags />],
  tracked: ["Tracked", () => <Tracked />],
  settings: ["Settings", () => <Settings />],
} as const;

function Page() {
  const { segments: [first = "", second] } = place.value;
  if (first === "jobs" && second !== undefined) return <JobDetails id={second} />;
  if (first === "queues" && second !== undefined) return <QueueDetails queue={second} />;
  if (Object.hasOwn(pages, first)) return pages[first as keyof typeof pages][1]();
  return (
    <>
      <Heading>There is no such page</Heading>
      <p>
        <a href="#/">Overview</a>
      </p>
    </>
  );
}

function Find() {
  return (
    <form
      class="find"
      role="search"
      aria-label="Find a job"
      onSubmit={(event) => {
        event.preventDefault();
        const text = String(new FormData(event.currentTarget).get("id") ?? "").trim();
        if (text !== "") go(["jobs", text]);
      }}
    >
      <input name="id" type="search" aria-label="Find a job by its id" placeholder="Job id" />
    </form>
  );
}

function Frame() {
  const here = place.value.segments[0] === "queues" ? "" : place.value.segments[0] ?? "";
  const { title = "Millrace", signIn = false, readOnly = false } = session.value ?? {};
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        To the content
      </a>
      <header>
        <a class="brand" href="#/">{title}</a>
        <nav aria-label="Pages">
          {Object.entries(pages).map(([path, [name]]) => (
            <a
              href={link(path === "" ? [] : [path])}
              aria-current={path === here ? "page" : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
        <Find />
        <span class={`live ${isLive.value ? "on" : "off"}`} role="status">
          {isLive.value ? "Live" : "Every 5 s"}
        </span>
        {readOnly && <span class="badge">Read only</span>}
        <select
          aria-label="Theme"
          value={theme.value}
          onChange={(event) => theme.value = event.currentTarget.value}
        >
          <option value="system">System</option>
          <option value="light">Light</option>
          <option value="dark">Dark</option>
        </select>
        {signIn && (
          <button
            type="button"
            class="quiet"
            onClick={() => signOut().then(loadSession).catch(tellError)}
          >
            Sign out
          </button>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        <Page />
      </main>
    </>
  );
}

/** Why it is not known who looks; undefined while nothing went wrong. */
const failure = signal<string | undefined>(undefined);
const againMs = 5000;

/** Asks who looks, until that is known. */
function begin(): void {
  loadSession().catch((error: Error) => {
    failure.value = error.message;
    setTimeout(begin, againMs);
  });
}

function App() {
  const known = session.value;
  return (
    <>
      {known === undefined
        ? failure.value === undefined
          ? <p class="empty" role="status">Loading</p>
          : <p class="empty" role="alert">{failure.value}. It is asked again in a moment.</p>
        : known.may === null
        ? <SignIn />
        : <Frame />}
      <Notices />
      <Asked />
    </>
  );
}

begin();
render(<App />, document.getElementById("app")!);
