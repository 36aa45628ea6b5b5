/**
 * What the token of a visitor may do, as the broker tells it.
 *
 * @module
 */

import type { BrokerCalls } from "./broker-calls.ts";
import type { Visitor } from "./visitor.ts";

/** What a session tells of a token. */
export interface TokenGrant {
  /** What it may do here; null if it may not even look. */
  readonly may: Visitor | null;
  /** What it is called, and its scopes and limits; undefined of a broker that does not tell. */
  readonly name?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly queues?: readonly string[] | undefined;
  readonly types?: readonly string[] | undefined;
}

/**
 * Asks the broker what a token may do. Older brokers do not tell: their answers to calls will.
 *
 * @returns Undefined if the broker does not know the token.
 * @throws {Error} If it cannot be asked.
 */
export async function findGrant(
  broker: BrokerCalls,
  token: string,
): Promise<TokenGrant | undefined> {
  const answer = await broker.ask("/whoami", { token });
  if (answer.status === 200) return toGrant(await answer.json());
  await answer.body?.cancel();
  if (answer.status === 401) return undefined;
  if (answer.status === 404) return await findByCall(broker, token);
  throw new Error(`The broker answered ${answer.status}`);
}

async function findByCall(broker: BrokerCalls, token: string): Promise<TokenGrant | undefined> {
  const answer = await broker.ask("/jobs/count", { token });
  await answer.body?.cancel();
  if (answer.status >= 500) throw new Error(`The broker answered ${answer.status}`);
  return answer.status === 401 ? undefined : { may: "admin" };
}

function toGrant(
  { name, scopes, queues, types }: {
    readonly name: string | null;
    readonly scopes: readonly string[];
    readonly queues?: readonly string[];
    readonly types?: readonly string[];
  },
): TokenGrant {
  const has = (scope: string) => scopes.includes(scope) || scopes.includes("admin");
  const may = !has("read") ? null : has("admin") ? "admin" : has("manage") ? "manage" : "read";
  return { may, name: name ?? undefined, scopes, queues, types };
}
