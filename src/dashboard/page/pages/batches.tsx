/** Batches that still take jobs in. */

import { useState } from "preact/hooks";
import { createdAtOf } from "../../../protocol/created-at.ts";
import { change, segment, withQuery } from "../api.ts";
import { bytes } from "../format.ts";
import { useLive } from "../live.ts";
import type { Job, OpenBatch, Pages } from "../model.ts";
import { useOnce } from "../once.ts";
import { EmptyPage, Pager } from "../parts/pager.tsx";
import {
  Facts,
  Heading,
  JobLink,
  Json,
  QueueLink,
  Shown,
  Table,
  Text,
  Time,
} from "../parts/small.tsx";
import { act, ask, mayManage, place } from "../state.ts";

interface BatchPage {
  readonly batches: readonly OpenBatch[];
  readonly pages: Pages;
}

const heads = ["Batch", "Type", "Queue", "State", "Opened", "#Size", ""];

export function Batches() {
  const { query } = place.value;
  const loaded = useLive<BatchPage>(
    withQuery("/batches", {
      from: query.get("from") ?? undefined,
      order: query.get("order") ?? undefined,
      limit: 100,
    }),
  );
  return (
    <>
      <Heading>Batches</Heading>
      <Shown loaded={loaded}>
        {({ batches, pages }) =>
          batches.length === 0
            ? (
              <EmptyPage>
                No batch waits. Jobs that are enqueued with <code>batch</code>{" "}
                are folded into one, which is here until a worker takes it.
              </EmptyPage>
            )
            : (
              <>
                <Table label="Batches that take jobs in" heads={heads}>
                  {batches.map((batch) => <Row key={batch.key} batch={batch} />)}
                </Table>
                <Pager pages={pages} />
              </>
            )}
      </Shown>
    </>
  );
}

function Row({ batch }: { readonly batch: OpenBatch }) {
  const [isOpen, setOpen] = useState(false);
  const path = `/jobs/${segment(batch.job_id)}`;
  const isCollecting = batch.status === "scheduled";
  const setReady = (at: number | null) => change("PATCH", path, { ready_at: at });
  const cancel = async () => {
    const text = "What it has taken in is dead then, and can be retried.";
    if (!await ask(`Cancel batch '${batch.key}'?`, text, "Cancel the batch")) return;
    await act(
      `Batch '${batch.key}' is cancelled`,
      () => change("POST", `${path}/cancel`, { reason: "Cancelled in the dashboard" }),
    );
  };
  return (
    <>
      <tr>
        <td>
          <button
            type="button"
            class="as-link"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            <Text of={batch.key === "" ? "(empty key)" : batch.key} />
          </button>
        </td>
        <td>
          <Text of={batch.type} />
        </td>
        <td>
          <QueueLink queue={batch.queue} />
        </td>
        <td>
          {isCollecting
            ? (
              <>
                <span class="badge scheduled">collects</span> ready <Time at={batch.ready_at} />
              </>
            )
            : <span class="badge ready">ready</span>}
        </td>
        <td>
          <Time at={createdAtOf(batch.job_id)} />
        </td>
        <td class="number">{bytes(batch.payload_bytes)}</td>
        <td class="end">
          {mayManage.value && (
            <div class="row end">
              {isCollecting && (
                <button
                  type="button"
                  onClick={() =>
                    act(
                      `Batch '${batch.key}' is ready`,
                      () => setReady(null),
                      () => setReady(batch.ready_at),
                    )}
                >
                  Run now
                </button>
              )}
              <button type="button" onClick={cancel}>Cancel</button>
            </div>
          )}
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={heads.length}>
            <Details batch={batch} />
          </td>
        </tr>
      )}
    </>
  );
}

/** Bytes of a payload that is shown here. */
const shownBytes = 100_000;

function Details({ batch }: { readonly batch: OpenBatch }) {
  const path = `/jobs/${segment(batch.job_id)}?max_payload=${shownBytes}`;
  // It is loaded anew when it has taken something in.
  const job = useOnce<Job>(`${path}&bytes=${batch.payload_bytes}`);
  return (
    <>
      <Facts
        facts={[
          ["Job", <JobLink id={batch.job_id} />],
          ["Takes a job in when", <code>{batch.when}</code>],
          ["Folds it in by", <code>{batch.fold}</code>],
        ]}
      />
      {job !== undefined && (job.payload_bytes === undefined
        ? <Json label="Payload so far" value={job.payload} />
        : <p class="hint">The page of its job has the payload.</p>)}
    </>
  );
}
