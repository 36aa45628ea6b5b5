/** Makes or changes what recurs: with the next ten times, in its own zone, while somebody types. */

import { useEffect, useState } from "preact/hooks";
import { change, get, segment, withQuery } from "../api.ts";
import { moment, span } from "../format.ts";
import type { CronEntry } from "../model.ts";
import { act, mayManage, now } from "../state.ts";
import { PayloadField, PriorityField } from "./fields.tsx";
import { Text } from "./small.tsx";

/** How long nobody has typed before the times are asked for, in ms. */
const restMs = 250;
const shownTimes = 10;

/** Spans as people write them, in ms; undefined for what is none. */
function readSpan(text: string): number | undefined {
  const [, digits, unit = "s"] = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?\s*$/.exec(text) ?? [];
  const ms = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }[unit];
  return digits === undefined || ms === undefined ? undefined : Math.round(Number(digits) * ms);
}

interface Preview {
  readonly of: string;
  readonly times: readonly number[];
  readonly problem: string | undefined;
}

/** The next times of an expression; what was told before stays until there is something new. */
function usePreview(path: string, expression: string, timezone: string): Preview | undefined {
  const [preview, setPreview] = useState<Preview>();
  const asked = expression.trim() === "" ? undefined : withQuery(`${path}/next`, {
    count: shownTimes,
    expression,
    timezone: timezone.trim(),
  });
  useEffect(() => {
    if (asked === undefined) return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      get<{ times: readonly number[] }>(asked, controller.signal).then(
        ({ times }) => setPreview({ of: asked, times, problem: undefined }),
        (error: Error) => {
          if (!controller.signal.aborted) {
            setPreview({ of: asked, times: [], problem: error.message });
          }
        },
      );
    }, restMs);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [asked]);
  return asked === undefined ? undefined : preview;
}

const zones = (Intl as { supportedValuesOf?: (key: string) => string[] })
  .supportedValuesOf?.("timeZone") ?? [];

/** The same zone as a formatter has it; that of the viewer for one that is none. */
function formatIn(zone: string | undefined): Intl.DateTimeFormat {
  const options = {
    weekday: "short",
    dateStyle: undefined,
    day: "numeric",
    month: "short",
  } as const;
  const more = { year: "numeric", hour: "numeric", minute: "2-digit" } as const;
  try {
    return new Intl.DateTimeFormat(undefined, { ...options, ...more, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat(undefined, { ...options, ...more });
  }
}

export function CronEditor(
  { group, zone, entry, done }: {
    /** Undefined for a new group. */
    readonly group: string | undefined;
    /** The zone of the group. */
    readonly zone: string | undefined;
    /** Undefined for a new entry. */
    readonly entry: CronEntry | undefined;
    readonly done: () => void;
  },
) {
  const [groupName, setGroupName] = useState(group ?? "");
  const [kind, setKind] = useState(entry?.every_ms === undefined ? "expression" : "interval");
  const [expression, setExpression] = useState(entry?.expression ?? "0 6 * * *");
  const [every, setEvery] = useState(
    entry?.every_ms === undefined ? "5 min" : `${entry.every_ms / 1000} s`,
  );
  const [timezone, setTimezone] = useState(entry?.timezone ?? "");
  const [payload, setPayload] = useState(
    entry === undefined ? "null" : JSON.stringify(entry.job.payload, null, 2),
  );
  const shownZone = timezone.trim() || zone;
  const isInterval = kind === "interval";
  const path = `/crons/${segment(groupName || "-")}/entries/${segment(entry?.name ?? "-")}`;
  const preview = usePreview(path, isInterval ? "" : expression, timezone);
  const everyMs = readSpan(every);
  const times = isInterval
    ? everyMs === undefined || everyMs < 100 ? [] : Array.from(
      { length: shownTimes },
      (_, at) => (entry?.next_enqueue_at ?? now.value) + at * everyMs,
    )
    : preview?.times ?? [];
  const problem = problemOf();
  const clock = formatIn(shownZone);

  function problemOf(): string | undefined {
    try {
      JSON.parse(payload);
    } catch (error) {
      return `Payload: ${(error as Error).message}`;
    }
    if (isInterval) {
      return everyMs === undefined || everyMs < 100
        ? "An interval is a span such as 90 s"
        : undefined;
    }
    return preview?.problem;
  }

  const save = async (form: FormData) => {
    const field = (name: string) => String(form.get(name) ?? "").trim();
    const tags = field("tags").split(",").map((tag) => tag.trim()).filter(Boolean);
    const job = {
      type: field("type"),
      queue: field("queue"),
      priority: Number(field("priority")),
      payload: JSON.parse(payload),
      ...tags.length > 0 || entry?.job.tags !== undefined ? { tags } : {},
    };
    const schedule = isInterval ? { every_ms: everyMs } : { expression };
    const name = entry?.name ?? field("name");
    const at = `/crons/${segment(groupName)}/entries/${segment(name)}`;
    const own = timezone.trim() === "" ? null : timezone.trim();
    if (entry === undefined) {
      return await act(
        `'${name}' recurs`,
        () =>
          change("POST", `/crons/${segment(groupName)}/entries`, {
            name,
            ...schedule,
            ...isInterval || own === null ? {} : { timezone: own },
            job,
          }),
        () => change("DELETE", at),
      );
    }
    const { expression: was, every_ms, timezone: wasZone, job: wasJob } = entry;
    return await act(
      "Changed",
      () => change("PATCH", at, { ...schedule, ...isInterval ? {} : { timezone: own }, job }),
      () =>
        change("PATCH", at, {
          ...every_ms === undefined ? { expression: was, timezone: wasZone ?? null } : { every_ms },
          job: {
            type: wasJob.type,
            queue: wasJob.queue,
            priority: wasJob.priority,
            payload: wasJob.payload,
            ...wasJob.tags === undefined ? { tags: [] } : { tags: wasJob.tags },
          },
        }),
    );
  };

  return (
    <form
      class="columns cron-editor"
      onSubmit={async (event) => {
        event.preventDefault();
        if (problem === undefined && await save(new FormData(event.currentTarget))) done();
      }}
    >
      <fieldset disabled={!mayManage.value}>
        <div class="narrow">
          {group === undefined && (
            <label>
              Group<input
                name="group"
                required
                value={groupName}
                onInput={(event) => setGroupName(event.currentTarget.value)}
              />
            </label>
          )}
          {entry === undefined && (
            <label>
              Name<input name="name" required />
            </label>
          )}
          <label>
            Comes round
            <select
              value={kind}
              disabled={entry !== undefined}
              onChange={(event) => setKind(event.currentTarget.value)}
            >
              <option value="expression">by the calendar</option>
              <option value="interval">at an interval</option>
            </select>
          </label>
          {isInterval
            ? (
              <label>
                Every<input
                  name="every"
                  class="code"
                  required
                  value={every}
                  onInput={(event) => setEvery(event.currentTarget.value)}
                />
              </label>
            )
            : (
              <>
                <label>
                  Expression<input
                    name="expression"
                    class="code"
                    required
                    value={expression}
                    aria-invalid={preview?.problem !== undefined}
                    onInput={(event) => setExpression(event.currentTarget.value)}
                  />
                </label>
                <label>
                  Time zone<input
                    name="timezone"
                    list="zones"
                    value={timezone}
                    placeholder={zone ?? "of the group"}
                    onInput={(event) => setTimezone(event.currentTarget.value)}
                  />
                </label>
                <datalist id="zones">
                  {zones.map((name) => <option key={name} value={name} />)}
                </datalist>
              </>
            )}
        </div>
        <div class="narrow">
          <label>
            Type<input name="type" required list="type-names" defaultValue={entry?.job.type} />
          </label>
          <label>
            Queue<input
              name="queue"
              required
              list="queue-names"
              defaultValue={entry?.job.queue}
            />
          </label>
          <PriorityField value={entry?.job.priority ?? 32_768} />
          <label>
            Tags<input name="tags" defaultValue={entry?.job.tags?.join(", ")} placeholder="a, b" />
          </label>
        </div>
        <PayloadField
          text={payload}
          isWrong={problem?.startsWith("Payload") === true}
          lines={[2, 12]}
          write={setPayload}
        />
        {mayManage.value && (
          <div class="row">
            <button type="submit" class="main" disabled={problem !== undefined}>
              {entry === undefined ? "Create" : "Change"}
            </button>
            <button type="button" onClick={done}>Leave it</button>
          </div>
        )}
      </fieldset>
      <div aria-live="polite">
        <h3>
          Next times {isInterval
            ? everyMs && `(every ${span(everyMs)})`
            : `(${shownZone ?? "the broker's zone"})`}
        </h3>
        {problem !== undefined && (
          <p class="wrong">
            <Text of={problem} />
          </p>
        )}
        {problem === undefined && times.length === 0 && (
          <p class="hint">
            {isInterval || preview !== undefined ? "It does not come round again." : "…"}
          </p>
        )}
        <ol class="times">
          {problem === undefined &&
            times.map((at) => <li key={at} title={moment(at)}>{clock.format(at)}</li>)}
        </ol>
      </div>
    </form>
  );
}
