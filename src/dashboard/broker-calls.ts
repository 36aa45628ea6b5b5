/**
 * The way to the broker: with which token it is asked, and what an answer of it may be.
 *
 * @module
 */

import type { DashboardSettings } from "./dashboard-options.ts";

/** Asks a broker. */
export interface BrokerCalls {
  /**
   * Asks it.
   *
   * @param path The path at the broker, with its query.
   * @param init The rest of the request, and the token that it shows, if any.
   * @throws {Error} If it cannot be reached, or sends elsewhere.
   */
  ask(path: string, init?: BrokerCall): Promise<Response>;
  /** Whether it asks for tokens at all: one that lets in everybody would let in every visitor. */
  asksForTokens(): Promise<boolean>;
}

/** What a call has besides its path. */
export interface BrokerCall extends RequestInit {
  readonly token?: string | undefined;
  /** @default {"application/json"} */
  readonly accept?: string;
}

/** Creates the way to a broker. */
export function createBrokerCalls({ fetch, url, logger }: DashboardSettings): BrokerCalls {
  let isAway = false;
  let isKnownToAsk = false;

  const note = (error: unknown) => {
    if (error !== undefined && !isAway) {
      logger.warn("The dashboard cannot ask the broker", { error });
    }
    if (error === undefined && isAway) logger.info("The broker answers the dashboard again");
    isAway = error !== undefined;
  };

  const ask: BrokerCalls["ask"] = async (path, init = {}) => {
    const { token, accept = "application/json", ...rest } = init;
    const headers = new Headers(rest.headers);
    headers.set("accept", accept);
    headers.set("millrace-extensions", "1");
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    // Workers know no `"error"`.
    const request = new Request(`${url}${path}`, { ...rest, headers, redirect: "manual" });
    try {
      const answer = await fetch(request);
      if (answer.status < 200 || answer.status >= 300 && answer.status < 400) {
        await answer.body?.cancel();
        throw new Error(`The broker answered ${answer.status}`);
      }
      note(undefined);
      return answer;
    } catch (error) {
      if (!request.signal.aborted) note(error);
      throw error;
    }
  };

  return {
    ask,
    async asksForTokens() {
      if (isKnownToAsk) return true;
      const answer = await ask("/jobs/count");
      await answer.body?.cancel();
      if (answer.status >= 500) throw new Error(`The broker answered ${answer.status}`);
      isKnownToAsk = answer.status === 401;
      return isKnownToAsk;
    },
  };
}
