/**
 * Who asks a dashboard, and whether they may.
 *
 * @module
 */

import { show } from "../options.ts";
import { refuse } from "./answer-json.ts";
import type { BrokerCalls } from "./broker-calls.ts";
import type { DashboardSettings } from "./dashboard-options.ts";
import { isFromPage } from "./same-origin.ts";
import { readToken } from "./session.ts";
import { isVisitor, mayDo, type Visitor } from "./visitor.ts";

/** `access` did not say who a visitor is. */
export class AccessFailure extends Error {
  override readonly name = "AccessFailure";
}

/** Knows visitors. */
export interface Visitors {
  /**
   * Finds what a visitor may do; undefined if it has to say who it is.
   *
   * @throws {AccessFailure} If that cannot be found out.
   */
  find(request: Request): Promise<Visitor | undefined>;
  /** The refusal of a visitor who may not ask something of the broker; undefined if it may. */
  refuse(
    visitor: Visitor | undefined,
    needed: Visitor,
    request: Request,
  ): Promise<Response | undefined>;
  /** The token that the broker is shown for a visitor. */
  tokenOf(request: Request): string | undefined;
}

/** Creates it. */
export function createVisitors(
  { access, hosts, readOnly, token, logger }: DashboardSettings,
  broker: BrokerCalls,
): Visitors {
  let isBroken = false;

  /** Tells of it once, and not at each call of each page. */
  const fail = (message: string, options?: ErrorOptions): AccessFailure => {
    const error = new AccessFailure(message, options);
    if (!isBroken) logger.error("The dashboard cannot find out who its visitors are", { error });
    isBroken = true;
    return error;
  };

  return {
    async find(request) {
      if (access === "anyone") return hosts.has(hostOf(request)) ? "admin" : undefined;
      // The broker looks at the scopes of its token.
      if (access === "tokens") return readToken(request) === undefined ? undefined : "admin";
      let visitor: unknown;
      try {
        visitor = await access(request);
      } catch (error) {
        throw fail("'access' failed", { cause: error });
      }
      if (visitor !== undefined && !isVisitor(visitor)) {
        throw fail(
          `'access' gave ${show(visitor)}, expected 'read', 'manage', 'admin' or undefined`,
        );
      }
      isBroken = false;
      return visitor;
    },
    async refuse(visitor, needed, request) {
      if (visitor === undefined) return refuse(401, "sign in first");
      // A cookie is easily made up.
      if (access === "tokens" && !await broker.asksForTokens()) return refuseOpenBroker();
      if (request.method !== "GET" && !isFromPage(request)) {
        return refuse(403, "only the dashboard's own page may ask this");
      }
      if (readOnly && needed !== "read") return refuse(403, "this dashboard only shows");
      if (!mayDo(visitor, needed)) {
        return refuse(403, `you may not do this: it needs '${needed}'`);
      }
      return undefined;
    },
    tokenOf: (request) => access === "tokens" ? readToken(request) : token,
  };
}

/** The refusal where a token is of no use. */
export function refuseOpenBroker(): Response {
  return refuse(
    409,
    "the broker lets in everybody: give it tokens, or the dashboard another 'access'",
  );
}

/** The name that the browser asked, without a port. */
function hostOf({ headers, url }: Request): string {
  const host = headers.get("host") ?? new URL(url).host;
  return host.replace(/:\d+$/, "").toLowerCase();
}
