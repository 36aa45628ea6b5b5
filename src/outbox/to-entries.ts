/**
 * What is enqueued within a transaction, as entries of the outbox: checked as for any enqueue, and with ids.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Enqueueable } from "../client/client.ts";
import {
  type EnqueueArgs,
  type EnqueueManyArgs,
  resolveMany,
  resolveOne,
} from "../client/enqueue-args.ts";
import type { DependencyUse } from "../protocol/dependency.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import { toMembersWire } from "../protocol/members-wire.ts";
import { checkEnqueue } from "../protocol/new-job.ts";
import { readEnqueue } from "../protocol/request-body.ts";
import { createIds } from "./entry-ids.ts";
import type { NewEntry } from "./outbox-tables.ts";

/** What calls of a client may have and these have not: the transaction is what bounds them, and makes them happen once. */
const callOptions = ["signal", "timeoutMs", "timeout", "idempotencyKey"];

/** The entry of an `enqueue`. */
export async function toEntry(args: EnqueueArgs, clock: Clock): Promise<NewEntry[]> {
  refuseCallOptions(args);
  return toEntries([(await resolveOne(args, clock)).what], clock);
}

/** The entries of an `enqueueMany`. */
export async function toManyEntries(args: EnqueueManyArgs, clock: Clock): Promise<NewEntry[]> {
  refuseCallOptions(args);
  return toEntries((await resolveMany(args, clock)).what, clock);
}

/**
 * The entry of an `enqueue` that must not wait for anything.
 *
 * @throws {TypeError} If the schema of the definition answers later.
 */
export function toEntryNow(
  definition: Enqueueable<unknown, unknown>,
  payload: unknown,
  { settings, clock }: { readonly settings: unknown; readonly clock: Clock },
): NewEntry {
  refuseCallOptions([definition, payload, settings]);
  const request = definition.toRequest(payload, settings, clock);
  if (request instanceof Promise) {
    request.catch(() => {});
    throw new TypeError(
      "Cannot enqueue at once: the schema of the payload, or a function of the definition, answers later",
    );
  }
  return toEntries([request], clock)[0]!;
}

function refuseCallOptions(args: readonly unknown[]): void {
  const isOfDefinition =
    typeof (args[0] as { readonly toRequest?: unknown } | undefined)?.toRequest === "function";
  const options = args[isOfDefinition ? 2 : 1] as Readonly<Record<string, unknown>> | undefined;
  const given = callOptions.find((name) => options?.[name] !== undefined);
  if (given === undefined) return;
  throw new TypeError(
    `Cannot use '${given}' within a transaction, which is stored once or not at all` +
      (given === "idempotencyKey" ? ": expected a 'uniqueKey'" : ""),
  );
}

function toEntries(requests: readonly EnqueueRequest[], clock: Clock): NewEntry[] {
  const ids = createIds(clock, requests.length);
  return requests.map((request, at) => {
    if (request.childOf != null) {
      throw new TypeError(
        "Cannot enqueue a child of a job within a transaction: its run may have ended when that commits",
      );
    }
    const dependsOn = request.dependsOn?.map((use) => toParent(use, ids));
    // A delay stays one: it is counted from when the entry is written, by the clock of the database.
    const job = toMembersWire(dependsOn === undefined ? request : { ...request, dependsOn });
    const text = JSON.stringify({ ...job, payload: job["payload"] ?? null });
    demandStorable(text, requests.length === 1 ? "" : `requests[${at}]: `);
    return { id: ids[at]!, job: text };
  });
}

const encoder = new TextEncoder();

/**
 * Looks at a job as a broker does. Over HTTP it would refuse the call; here nobody would hear of it.
 *
 * @throws {TypeError} If every broker refuses it.
 */
function demandStorable(text: string, place: string): void {
  let complaint: string | undefined;
  try {
    complaint = checkEnqueue(readEnqueue(encoder.encode(text), "json"));
  } catch (error) {
    complaint = error instanceof Error ? error.message : String(error);
  }
  if (complaint !== undefined) throw new TypeError(`Cannot enqueue: ${place}${complaint}`);
}

/** Jobs of the same call are named by their places; each is an entry of its own, but has its id already. */
function toParent(use: DependencyUse, ids: readonly string[]): DependencyUse {
  if (typeof use === "string" || !("item" in use)) return use;
  const { item, ...others } = use;
  const id = ids[item];
  if (id !== undefined) return { id, ...others };
  throw new RangeError(
    `Cannot wait for item ${item}: expected the place of one of these ${ids.length} jobs`,
  );
}
