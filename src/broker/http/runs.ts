/**
 * Which runs of jobs a call is about.
 *
 * @module
 */

import { checkIds, type JobRun, toProof } from "../../protocol/ack.ts";
import { fromRunList, type RunList } from "../../protocol/release-request.ts";
import type { readRunList } from "../../protocol/request-body.ts";
import { MessageError } from "../../protocol/schema.ts";
import { readBody } from "./body.ts";
import type { EndpointCall } from "./call.ts";
import { demandFormat, toListMessage } from "./message.ts";
import { Refusal } from "./refusal.ts";
import { readWorkerId } from "./worker-id.ts";

/** The run that a call on one job is about. */
export function toRun(
  { params, request }: EndpointCall,
  { delivery, token }: {
    readonly delivery: number | undefined;
    readonly token: string | undefined;
  },
): JobRun {
  return { id: params[0]!, delivery, proof: toProof(token, readWorkerId(request.headers)) };
}

/** Reads a body with runs, and what it has besides. */
export async function readRuns<Body extends RunList>(
  call: EndpointCall,
  read: (...body: Parameters<typeof readRunList>) => Body,
): Promise<{ readonly runs: readonly JobRun[]; readonly rest: Omit<Body, "ids"> }> {
  let rest: Body | undefined;
  const ids = await toListMessage(
    call,
    { format: demandFormat(call), bytes: await readBody(call) },
    {
      name: "ids",
      read: (...body) => {
        const part = read(...body);
        rest = part; // Of a large body, the last part is what stands around the ids.
        return part.ids;
      },
    },
  );
  const problem = checkIds(ids);
  if (problem !== undefined) throw new Refusal(400, problem);
  await call.reach.demandIds(ids);
  try {
    const { deliveries, tokens, results } = rest!;
    const worker = readWorkerId(call.request.headers);
    return {
      runs: fromRunList({ ids, deliveries, tokens, ...results && { results } }, worker),
      rest: rest!,
    };
  } catch (error) {
    throw error instanceof MessageError ? new Refusal(400, error.message) : error;
  }
}
