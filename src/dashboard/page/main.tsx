/// <reference lib="dom" />
/** The page: its frame, and what stands in it. */

import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { signOut } from "./api.ts";
import { count } from "./format.ts";
import { helpIsOpen, listenToKeys } from "./keys.ts";
import { isLive, isSettling, pace, settle, useLive } from "./live.ts";
import { Asked } from "./parts/asked.tsx";
import { Help } from "./parts/help.tsx";
import { Icon } from "./parts/icon.tsx";
import { Notices } from "./parts/notices.tsx";
import { Outage } from "./parts/outage.tsx";
import { SignIn } from "./parts/sign-in.tsx";
import { Empty, Heading } from "./parts/small.tsx";
import { hidden, type PlaceRow, places } from "./places.tsx";
import { go, link, loadSession, place, session, tellError, theme } from "./state.ts";

/** The page of the list to which the place belongs. */
function findRow(): PlaceRow | undefined {
  const [first = ""] = place.value.segments;
  const within = Object.hasOwn(hidden, first) ? hidden[first]!.within : first;
  return places.find(({ path }) => path === within);
}

function Page() {
  const { segments: [first = "", second] } = place.value;
  const row = places.find(({ path }) => path === first);
  if (second !== undefined) {
    const one = Object.hasOwn(hidden, first) ? hidden[first]!.one : row?.one;
    if (one !== undefined) return <>{one(second)}</>;
  }
  if (row !== undefined) return <>{row.view()}</>;
  return (
    <>
      <Heading>There is no such page</Heading>
      <Empty>
        Perhaps an old link led here. The <a href="#/">overview</a> leads on.
      </Empty>
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
      <Icon name="search" />
      <input name="id" type="search" aria-label="Find a job by its id" placeholder="Job id" />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

/** Whether the pages are listed, where there is no room for them beside the content. */
const menuIsOpen = signal(false);

/** How many jobs are dead: what somebody looks for first. */
function DeadCount() {
  const dead = useLive<{ count: number }>("/jobs/count?status=dead").value?.count ?? 0;
  if (dead === 0) return null;
  return (
    <span class="count">
      {count(dead)}
      <span class="unseen">dead jobs</span>
    </span>
  );
}

function Nav() {
  const here = findRow()?.path;
  return (
    <nav aria-label="Pages">
      {(["work", "parts", "rest"] as const).map((group) => (
        <ul key={group}>
          {places.filter((row) => row.group === group).map(({ path, name, icon }) => (
            <li key={path}>
              <a
                href={link(path === "" ? [] : [path])}
                aria-current={path === here ? "page" : undefined}
                onClick={() => menuIsOpen.value = false}
              >
                <Icon name={icon} />
                <span>{name}</span>
                {path === "failures" && <DeadCount />}
              </a>
            </li>
          ))}
        </ul>
      ))}
    </nav>
  );
}

/** What the token of the visitor is limited to: what is missing on the page is missing for that. */
function Limits() {
  const { may, name, queues, types } = session.value ?? {};
  const limits = [
    may === "read"
      ? "You may look, and change nothing: buttons that would be refused are left out."
      : "",
    queues === undefined
      ? ""
      : `Only the ${queues.length === 1 ? "queue" : "queues"} ${queues.join(", ")}.`,
    types === undefined
      ? ""
      : `Only jobs of the ${types.length === 1 ? "type" : "types"} ${types.join(", ")}.`,
  ].filter(Boolean);
  if (limits.length === 0) return null;
  const who = name === undefined ? "" : `Signed in as '${name}'. `;
  return (
    <span class="badge" title={who + limits.join(" ")}>
      {may === "read" ? "Looks only" : "Limited"}
      <span class="unseen">{who + limits.join(" ")}</span>
    </span>
  );
}

function Foot() {
  const { signIn = false, readOnly = false } = session.value ?? {};
  return (
    <div class="foot">
      <span class={`live ${isLive.value ? "on" : "off"}`} role="status">
        {pace.value === "held"
          ? "Held"
          : pace.value !== "live"
          ? `Every ${pace.value} s`
          : isLive.value
          ? "Live"
          : "Every 5 s"}
      </span>
      {readOnly ? <span class="badge">Read only</span> : <Limits />}
      <select
        aria-label="Theme"
        value={theme.value}
        onChange={(event) => theme.value = event.currentTarget.value}
      >
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
      <button
        type="button"
        class="quiet"
        aria-label="Keys"
        title="Keys (?)"
        onClick={() => helpIsOpen.value = true}
      >
        <Icon name="keys" />
      </button>
      {signIn && (
        <button
          type="button"
          class="quiet"
          onClick={() => signOut().then(loadSession).catch(tellError)}
        >
          Sign out
        </button>
      )}
    </div>
  );
}

function Frame() {
  const { title = "Millrace" } = session.value ?? {};
  const where = place.value.segments.join("/");
  useEffect(() => {
    const name = findRow()?.name ?? "No such page";
    const one = place.value.segments[1];
    document.title = `${one === undefined ? name : `${one} · ${name}`} · ${title}`;
  }, [where, title]);
  return (
    <div class="frame">
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
      <header class={menuIsOpen.value ? "open" : ""}>
        <div class="top">
          <a class="brand" href="#/">
            <span class="mark" aria-hidden="true" />
            {title}
          </a>
          <button
            type="button"
            class="quiet menu"
            aria-expanded={menuIsOpen.value}
            aria-controls="menu"
            onClick={() => menuIsOpen.value = !menuIsOpen.value}
          >
            <Icon name="menu" />
            <span class="unseen">Menu</span>
          </button>
        </div>
        <div class="side" id="menu">
          <Find />
          <Nav />
          <Foot />
        </div>
      </header>
      <main
        id="main"
        tabIndex={-1}
        aria-labelledby="title"
        class={isSettling.value ? "settling" : ""}
      >
        <Outage />
        <Page />
      </main>
    </div>
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
          ? <p class="empty start" role="status">Loading</p>
          : (
            <main class="alone">
              <div role="alert">
                <h1>
                  <span class="mark" aria-hidden="true" />No answer
                </h1>
                <p>{failure.value}.</p>
                <p class="hint">It is asked again every five seconds.</p>
              </div>
            </main>
          )
        : known.may === null
        ? <SignIn />
        : <Frame />}
      <Notices />
      <Asked />
      <Help />
    </>
  );
}

let last: string | undefined;
effect(() => {
  const where = place.value.segments.join("/");
  // Nothing of it is there before it is known who looks.
  if (session.value?.may == null || where === last) return;
  const isFirst = last === undefined;
  last = where;
  settle();
  if (isFirst) return;
  scrollTo(0, 0);
  // Who came by a link of the list that is gone now goes on in the new one.
  requestAnimationFrame(() => {
    const { activeElement } = document;
    const isLost = activeElement === document.body || activeElement?.closest("main") !== null;
    if (isLost) document.getElementById("main")?.focus({ preventScroll: true });
  });
});

listenToKeys((key) => places.find((row) => row.key === key)?.path);
begin();
render(<App />, document.getElementById("app")!);
