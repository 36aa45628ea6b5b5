/** All of one request: what was sent, what came back, and who was told. */

import { useEffect, useState } from "preact/hooks";
import { get, segment, withQuery } from "../api.ts";
import { bytes, count, span } from "../format.ts";
import {
  callbackType,
  readCallback,
  readRequest,
  requestType,
  type ShownCallback,
} from "../http-job.ts";
import { type Loaded, useLive } from "../live.ts";
import type { ErrorRecord, Job, JobPage } from "../model.ts";
import { Deeds } from "../parts/deeds.tsx";
import { Answer, Body, Headers, Hops } from "../parts/http.tsx";
import {
  Empty,
  Facts,
  Heading,
  JobLink,
  Json,
  StatusBadge,
  Table,
  Text,
  Time,
} from "../parts/small.tsx";
import { Timeline } from "../parts/timeline.tsx";
import { WhyNot } from "../parts/why-not.tsx";
import { link, mayManage, place } from "../state.ts";

/** Bytes of a payload that is read here. */
const shownBytes = 400_000;

/**
 * The job of the callback. Who comes from there knows it; else it is looked for once, where there can be one: that takes a look
 * at the payload of each callback, the newest first.
 */
function useCallback(
  id: string,
  request: Loaded<Job>,
): { readonly job: Job | undefined; readonly isLooking: boolean } {
  const isOver = request.error !== undefined || request.value?.status === "completed" ||
    request.value?.status === "dead";
  const known = place.value.query.get("callback") ?? undefined;
  const [searched, setSearched] = useState<{ readonly found: string | undefined }>();
  const isWanted = isOver && known === undefined;
  useEffect(() => {
    if (!isWanted) return;
    const controller = new AbortController();
    const filter = `.id == ${JSON.stringify(id)}`;
    const query = { type: callbackType, filter, order: "desc", limit: 1, max_payload: 0 };
    get<JobPage>(withQuery("/jobs", query), controller.signal).then(
      ({ jobs }) => setSearched({ found: jobs[0]?.id }),
      () => setSearched({ found: undefined }),
    );
    return () => controller.abort();
  }, [id, isWanted]);
  const callback = known ?? searched?.found;
  const loaded = useLive<Job>(
    callback && withQuery(`/jobs/${segment(callback)}`, {
      last_error: true,
      max_payload: shownBytes,
    }),
  );
  const isLooking = callback === undefined
    ? isWanted && searched === undefined
    : loaded.value === undefined && loaded.error === undefined;
  return { job: loaded.value, isLooking };
}

export function RequestDetails({ id }: { readonly id: string }) {
  const request = useLive<Job>(withQuery(`/jobs/${segment(id)}`, { max_payload: shownBytes }));
  const { job: callback, isLooking } = useCallback(id, request);
  const job = request.value;
  const read = job && readRequest(job.payload);
  const told = callback && readCallback(callback.payload);
  if (job === undefined && (request.error === undefined || isLooking)) {
    return <p class="empty" role="status">Loading</p>;
  }
  if (job === undefined && callback === undefined) {
    return (
      <>
        <Heading>Request</Heading>
        <Empty>
          Nothing is known of{" "}
          <code>{id}</code>: it was answered and its callback has run, or there was no such request.
          {" "}
          <a href={link(["requests"])}>Outbound HTTP</a>
        </Empty>
      </>
    );
  }
  if (job !== undefined && job.type !== requestType) {
    return (
      <>
        <Heading>Request</Heading>
        <Empty>
          This is no request, but a job of another type: <JobLink id={job.id} />
        </Empty>
      </>
    );
  }
  const method = read?.sent?.method ?? told?.came?.answer?.method ?? told?.came?.failure?.method;
  const url = read?.sent?.url ?? told?.came?.answer?.redirects[0] ?? told?.came?.answer?.url ??
    told?.came?.failure?.url;
  return (
    <>
      <Heading
        actions={mayManage.value && job && <Deeds job={job} gone={["requests"]} />}
      >
        {method}{" "}
        <Text
          of={url?.slice(0, 300) ??
            (job?.payload_bytes === undefined ? "Sealed request" : "Large request")}
        />{" "}
        {job && <StatusBadge status={job.status} />}
      </Heading>
      {job && <WhyNot job={job} />}
      {job && <Timeline job={job} />}
      <div class="columns">
        <section class="card" aria-labelledby="sent">
          <h2 id="sent">Request</h2>
          {job === undefined && (
            <p class="hint">
              It is done, and its job is not kept: a <code>retention</code> keeps it.
            </p>
          )}
          {job && read?.sent === undefined && (
            <p class="hint">
              {job.payload_bytes === undefined
                ? "It is encrypted, or lies in a store: only its workers can read it."
                : "It is too large to be shown here: the page of its job has it."}
            </p>
          )}
          {read?.sent && (
            <>
              <Headers of={read.sent.headers} label="Headers of the request" />
              <Body of={read.sent.body} label="Body of the request" />
              <Facts facts={termsOf(read.sent.terms)} />
            </>
          )}
          <p>
            {job && (
              <>
                Job <JobLink id={job.id} /> in queue <Text of={job.queue} />
              </>
            )}
          </p>
        </section>
        <section class="card" aria-labelledby="came">
          <h2 id="came">What came of it</h2>
          <Came of={told} job={job} />
        </section>
      </div>
      {job && <Tries job={job} />}
      <h2>Callback</h2>
      {isLooking
        ? <p class="hint" role="status">It is looked for …</p>
        : <Callback job={callback} told={told} name={read?.callback} args={read?.sent?.args} />}
    </>
  );
}

/** The limits and rules that a request goes by, those of groups each for itself. */
function termsOf(
  terms: Readonly<Record<string, unknown>>,
  before = "",
): [string, string | undefined][] {
  return Object.entries(terms).flatMap(([name, value]): [string, string | undefined][] => {
    const words = before + name.replace(/Ms$/, "").replace(/([A-Z])/g, " $1").toLowerCase();
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return [[words, value.join(", ")]];
    if (typeof value === "object") {
      return termsOf(value as Readonly<Record<string, unknown>>, `${words}, `);
    }
    if (typeof value !== "number") return [[words, String(value)]];
    const text = name.endsWith("Ms")
      ? span(value)
      : name.endsWith("Bytes")
      ? bytes(value)
      : count(value);
    return [[words, text]];
  });
}

function Came(
  { of, job }: { readonly of: ShownCallback | undefined; readonly job: Job | undefined },
) {
  if (of === undefined) {
    const isOver = job?.status === "completed";
    return (
      <p class="hint">
        {isOver ? "It went with the callback, which has run." : "Nothing yet."}
      </p>
    );
  }
  const { came } = of;
  if (came === undefined) {
    return (
      <p class="hint">
        {of.kind === "error" ? "A failure" : "An answer"}{" "}
        that is encrypted, or lies in a store: only its workers can read it.
      </p>
    );
  }
  return (
    <>
      {came.failure && (
        <>
          <p class="wrong">
            <strong>{came.failure.kind}</strong> {came.failure.code}{" "}
            <Text of={came.failure.message} />
          </p>
          {came.answer === undefined && (
            <Hops
              redirects={came.failure.redirects}
              last={came.failure.url}
              end={<span class="hint">after {span(came.failure.durationMs)}</span>}
            />
          )}
        </>
      )}
      {came.answer && <Answer of={came.answer} />}
    </>
  );
}

/** Tries that came to nothing. */
function Tries({ job }: { readonly job: Job }) {
  const errors = useLive<{ errors: readonly ErrorRecord[] }>(
    job.attempts === 0
      ? undefined
      : withQuery(`/jobs/${segment(job.id)}/errors`, { order: "desc", limit: 50 }),
  );
  if (job.attempts === 0) return null;
  return (
    <>
      <h2>Tries</h2>
      <Table label="Tries" heads={["#Try", "When", "What happened"]}>
        {job.status === "scheduled" && (
          <tr>
            <td class="number">{job.attempts + 1}</td>
            <td>
              <Time at={job.ready_at} />
            </td>
            <td class="hint">the next one</td>
          </tr>
        )}
        {errors.value?.errors.map((error) => (
          <tr key={error.attempt}>
            <td class="number">{count(error.attempt)}</td>
            <td>
              <Time at={error.failed_at} />
            </td>
            <td class="name">
              <Text of={error.message.slice(0, 2000)} />
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function Callback(
  { job, told, name, args }: {
    readonly job: Job | undefined;
    readonly told: ShownCallback | undefined;
    readonly name: string | undefined;
    readonly args: unknown;
  },
) {
  const given = told?.came?.args ?? args;
  return (
    <>
      {job === undefined
        ? (
          <p class="hint">
            {name === undefined ? "It" : <Text of={name} />} is told when the request is done.
          </p>
        )
        : (
          <div class="card callback">
            <div class="row">
              <strong>
                <Text of={told?.callback} />
              </strong>
              <StatusBadge status={job.status} />
              {job.attempts > 0 && (
                <span class="wrong-text">
                  failed {job.attempts === 1 ? "once" : `${count(job.attempts)} times`}
                </span>
              )}
              {job.status === "scheduled" && (
                <span>
                  next try <Time at={job.ready_at} />
                </span>
              )}
              <JobLink id={job.id} />
            </div>
            {mayManage.value && (
              <div class="row">
                <Deeds job={job} gone={["requests"]} />
              </div>
            )}
            {job.last_error && (
              <p class="wrong">
                <Text of={job.last_error.message.slice(0, 2000)} />
              </p>
            )}
          </div>
        )}
      {given !== undefined && <Json label="Arguments of the callback" value={given} />}
    </>
  );
}
