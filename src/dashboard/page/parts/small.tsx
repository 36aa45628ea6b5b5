/** Small things that many pages show. */

import { type ComponentChildren, toChildArray } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { CallError } from "../api.ts";
import { ago, count, exact, moment, plain, sentence, span, statusLabel } from "../format.ts";
import { hold, type Loaded } from "../live.ts";
import { isOutage } from "../look.ts";
import type { Status } from "../model.ts";
import { link, now, session } from "../state.ts";

/** A text of somebody else: it changes nothing around it, and hides nothing. */
export function Text({ of }: { readonly of: string | undefined }) {
  return <bdi>{of === undefined ? undefined : plain(of)}</bdi>;
}

/** An instant: how long ago in words, exactly where the pointer rests. */
export function Time({ at }: { readonly at: number | undefined | null }) {
  if (at == null) return <span class="faint">–</span>;
  return (
    <time dateTime={exact(at)} title={`${moment(at)} (${exact(at)})`}>{ago(at, now.value)}</time>
  );
}

/** For how long something has waited; the instant where the pointer rests. */
export function Age({ since }: { readonly since: number | undefined }) {
  if (since === undefined) return <span class="faint">–</span>;
  const waitedMs = Math.max(0, now.value - since);
  // Whole seconds: it is told anew each second.
  const text = waitedMs < 1000 ? "< 1 s" : span(Math.floor(waitedMs / 1000) * 1000);
  return (
    <time dateTime={exact(since)} title={`since ${moment(since)} (${exact(since)})`}>{text}</time>
  );
}

export function StatusBadge({ status }: { readonly status: Status }) {
  return <span class={`badge ${status}`}>{statusLabel(status)}</span>;
}

export function QueueLink({ queue }: { readonly queue: string }) {
  return (
    <a
      class="name"
      title={queue.length > 30 ? plain(queue) : undefined}
      href={link(["queues", queue])}
    >
      <Text of={queue} />
    </a>
  );
}

export function JobLink({ id }: { readonly id: string }) {
  return (
    <a class="id" href={link(["jobs", id])}>
      <Text of={id} />
    </a>
  );
}

/** A number that leads to the jobs that it counts. */
export function Count(
  { of, queue, status }: { readonly of: number; readonly queue?: string; readonly status: Status },
) {
  if (of === 0) return <span class="faint">{count(0)}</span>;
  return <a href={link(["jobs"], { queue, status })}>{count(of)}</a>;
}

/** The same as a cell of a table, with as few elements as it takes: there may be a thousand. */
export function CountCell(props: Parameters<typeof Count>[0]) {
  if (props.of === 0) return <td class="number faint">{count(0)}</td>;
  return (
    <td class="number">
      <Count {...props} />
    </td>
  );
}

export function Heading(
  { children, actions }: {
    readonly children: ComponentChildren;
    readonly actions?: ComponentChildren;
  },
) {
  return (
    <div class="heading">
      <h1 id="title">{children}</h1>
      {actions && <div class="row">{actions}</div>}
    </div>
  );
}

/** The heading of a list that one can be added to; the form stands under it while it is open. */
export function GrowingHeading(
  { children, what, may, isOpen, toggle }: {
    readonly children: ComponentChildren;
    /** What is added, such as `budget`. */
    readonly what: string;
    readonly may: boolean;
    readonly isOpen: boolean;
    readonly toggle: () => void;
  },
) {
  return (
    <Heading
      actions={may && (
        <button type="button" class="main" aria-expanded={isOpen} onClick={toggle}>
          New {what}
        </button>
      )}
    >
      {children}
    </Heading>
  );
}

/** What is shown while something loads, or instead of it; and then what was loaded. */
export function Shown<Value>(
  { loaded, children }: {
    readonly loaded: Loaded<Value>;
    readonly children: (value: Value) => ComponentChildren;
  },
) {
  const { value, error } = loaded;
  if (value !== undefined) return <>{children(value)}</>;
  if (error === undefined) return <p class="empty loading" role="status">Loading</p>;
  // The frame says why, once for all.
  if (isOutage(error)) return <p class="empty">Not known yet.</p>;
  if (error instanceof CallError && error.status === 404) {
    return (
      <Empty>
        <Text of={sentence(error.message)} />. It may be gone already, or was never here.
      </Empty>
    );
  }
  const { queues } = session.value ?? {};
  if (error instanceof CallError && error.status === 403 && queues !== undefined) {
    return <NotYours queues={queues} />;
  }
  return (
    <p class="wrong" role="alert">
      <Text of={sentence(error.message)} />
    </p>
  );
}

/** Where somebody goes on whose token is for some queues. */
function NotYours({ queues }: { readonly queues: readonly string[] }) {
  return (
    <Empty>
      Your token is for some queues, and this is about others too. Yours:{" "}
      {queues.map((queue, at) => (
        <>
          {at > 0 && ", "}
          {queue.includes("*") ? <Text of={queue} /> : (
            <>
              <QueueLink queue={queue} /> (<a href={link(["jobs"], { queue })}>jobs</a>)
            </>
          )}
        </>
      ))}
    </Empty>
  );
}

export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** The head of a column of numbers by which rows can be ordered, the largest first. */
export interface SortHead {
  readonly name: string;
  readonly href: string;
  readonly isSorted: boolean;
}

/** The head of a column; one of numbers is marked by `#`. */
function toHead(head: ComponentChildren | SortHead, key: number) {
  if (head === "") return <td key={key} />;
  if (typeof head === "object" && head !== null && "href" in head) {
    const { name, href, isSorted } = head as SortHead;
    return (
      <th key={key} scope="col" class="number" aria-sort={isSorted ? "descending" : undefined}>
        <a href={href}>{name}</a>
      </th>
    );
  }
  const isNumber = typeof head === "string" && head.startsWith("#");
  return (
    <th key={key} scope="col" class={isNumber ? "number" : ""}>
      {isNumber ? head.slice(1) : head as ComponentChildren}
    </th>
  );
}

/** Rows that are drawn in one go: what a slow machine does between two frames. */
const rowsAtOnce = 40;

/** The height of a row at least, in pixels. */
const rowHeight = 34;

/**
 * Draws many rows a part at a time, so that the page answers meanwhile.
 *
 * @param isEven Whether later rows move nothing of the former: the page is shown when as many are there as can be seen.
 */
function useParts(children: ComponentChildren, isEven: boolean): ComponentChildren {
  const rows = toChildArray(children);
  const [most, setMost] = useState(rowsAtOnce);
  const isPart = rows.length > most;
  useLayoutEffect(() => {
    if (!isPart) return;
    const release = isEven && most * rowHeight > innerHeight ? undefined : hold();
    const frame = requestAnimationFrame(() => setMost(most + rowsAtOnce));
    return () => {
      cancelAnimationFrame(frame);
      release?.();
    };
  }, [isPart, most]);
  return isPart ? rows.slice(0, most) : rows;
}

/** A table that can be moved sideways where it is wider than the screen. */
export function Table(
  { label, heads, children, isEven = false }: {
    readonly label: string;
    readonly heads: readonly (ComponentChildren | SortHead)[];
    /** Whether its columns are as wide as they are whatever stands in them. */
    readonly isEven?: boolean;
    readonly children: ComponentChildren;
  },
) {
  const rows = useParts(children, isEven);
  return (
    <div class={isEven ? "scroll even" : "scroll"} role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {heads.map((head, at) =>
              toHead(head, at)
            )}
          </tr>
        </thead>
        <tbody>{rows}</tbody>
      </table>
    </div>
  );
}

/** Names and values. */
export function Facts(
  { facts }: { readonly facts: readonly (readonly [name: string, value: ComponentChildren])[] },
) {
  return (
    <dl class="facts">
      {facts.filter(([, value]) => value !== undefined).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A value as JSON; a long one in part at first. */
export function Json({ value, label }: { readonly value: unknown; readonly label: string }) {
  const text = JSON.stringify(value, null, 2) ?? "undefined";
  const most = 20_000;
  return (
    <pre class="json" tabIndex={0} role="region" aria-label={label}>
      <Text of={text.slice(0, most)} />
      {text.length > most && `\n… ${count(text.length - most)} more characters`}
    </pre>
  );
}
