/**
 * A broker with callers that it knows by their tokens.
 *
 * @module
 */

import {
  type Broker,
  createBroker,
  createTokens,
  digestOfToken,
  type TokenList,
  type TokenRecord,
} from "../../src/broker/mod.ts";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";

/** What a caller may do. */
export type Caller = Omit<TokenRecord, "name" | "sha256">;

/** A broker whose tokens are the names of the callers. */
export async function withCallers(
  callers: Readonly<Record<string, Caller>>,
  test: (parts: {
    readonly broker: Broker;
    readonly clock: TestClock;
    readonly tokens: TokenList;
    as(name: string, path: string, init?: RequestInit): Promise<Response>;
    enqueue(name: string, job: object, headers?: Record<string, string>): Promise<Response>;
  }) => Promise<void>,
): Promise<void> {
  const clock = createTestClock();
  const records = await Promise.all(
    Object.entries(callers).map(async ([name, grant]) => ({
      ...grant,
      name,
      sha256: await digestOfToken(name),
    })),
  );
  const tokens = createTokens(records, { clock });
  const store = openSqlite(":memory:");
  const broker = createBroker({ store, clock, auth: tokens.authenticate });
  const as = (name: string, path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${name}`, ...init.headers as Record<string, string> };
    return broker.fetch(new Request(`http://broker${path}`, { ...init, headers }));
  };
  const enqueue = (name: string, job: object, headers: Record<string, string> = {}) =>
    as(name, "/jobs", {
      method: "POST",
      body: JSON.stringify({ type: "mail.welcome", queue: "mail", payload: 1, ...job }),
      headers: { "content-type": "application/json", ...headers },
    });
  try {
    await test({ broker, clock, tokens, as, enqueue });
  } finally {
    await broker.stop();
  }
}

/** The headers of a body. */
export const json = { "content-type": "application/json" };
