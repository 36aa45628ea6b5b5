/**
 * What a dashboard is made from, and what follows from it.
 *
 * @module
 */

import { type Clock, type Random, systemRandom, toClock } from "../async/clock.ts";
import type { Fetch } from "../client/options.ts";
import { guardLogger } from "../guard-logger.ts";
import type { Logger } from "../log.ts";
import { checkOptions, type Names, show } from "../options.ts";
import type { DashboardAccess } from "./visitor.ts";

/** What a dashboard is made from. */
export interface DashboardOptions {
  /**
   * Asks the broker: `broker.fetch` of one in the same process, or any function of this shape.
   *
   * @default {the platform's `fetch`}
   */
  readonly fetch?: Fetch | undefined;
  /** Where the broker is, if it is not in the same process: `http://127.0.0.1:7890`. */
  readonly url?: string | undefined;
  /** The token that the dashboard itself shows to the broker, unless visitors show theirs (`access: "tokens"`). */
  readonly token?: string | undefined;
  /** Who may come in. It has to be said: a dashboard shows payloads, and deletes jobs. */
  readonly access: DashboardAccess;
  /**
   * Names under which browsers may ask for it, besides those of this machine (`localhost`, `127.0.0.1`, `[::1]`), where
   * `access` is `"anyone"`: any other name may be that of a page which was pointed here to read what it should not.
   *
   * @default {[]}
   */
  readonly hosts?: readonly string[] | undefined;
  /**
   * Whether nobody may change anything here, whatever else they may.
   *
   * @default {false}
   */
  readonly readOnly?: boolean | undefined;
  /**
   * The path below which browsers see the dashboard, such as `/admin/jobs/`. Requests may come with it or without it, as
   * frameworks take it off or not.
   *
   * @default {"/"}
   */
  readonly basePath?: string | undefined;
  /**
   * The title of the page.
   *
   * @default {"Millrace"}
   */
  readonly title?: string | undefined;
  /**
   * Whether pages that are open at once share what the broker is asked, so that hundreds cost it about what one does. A
   * visitor whose token was taken back sees for a second what others see. Workers cannot share what a request has opened.
   *
   * @default {true, and false in Workers}
   */
  readonly shared?: boolean | undefined;
  /**
   * Where it logs: changes that visitors make (`info`), tokens that the broker does not know and a broker that is away
   * (`warn`), and an `access` that fails (`error`). `false` logs nothing.
   *
   * @default {lines on the console, of warnings and errors}
   */
  readonly logger?: Logger | false | undefined;
  /**
   * The time and the timers.
   *
   * @default {the platform's}
   */
  readonly clock?: Clock | undefined;
  /**
   * Where random numbers come from: pages that were cut off come again at different times.
   *
   * @default {Math.random}
   */
  readonly random?: Random | undefined;
}

const names: Names<DashboardOptions> = {
  fetch: 1,
  url: 1,
  token: 1,
  access: 1,
  hosts: 1,
  readOnly: 1,
  basePath: 1,
  title: 1,
  shared: 1,
  logger: 1,
  clock: 1,
  random: 1,
};

/** The options with their defaults, as they are used. */
export interface DashboardSettings {
  readonly fetch: Fetch;
  readonly url: string;
  readonly token: string | undefined;
  readonly access: DashboardAccess;
  /** In small letters, with those of this machine. */
  readonly hosts: ReadonlySet<string>;
  readonly readOnly: boolean;
  /** With a slash at its end. */
  readonly basePath: string;
  readonly title: string;
  readonly isShared: boolean;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Checks options.
 *
 * @throws {TypeError} If `access` is missing, neither `fetch` nor `url` is given, or an option is none.
 */
export function toSettings(options: DashboardOptions): DashboardSettings {
  checkOptions("createDashboard", options, names);
  const { access, fetch: given, url } = options;
  const isKnown = access === "tokens" || access === "anyone" || typeof access === "function";
  if (!isKnown) {
    throw new TypeError(
      `Cannot use ${show(access)} as 'access': expected 'tokens', 'anyone' or a function`,
    );
  }
  if (given === undefined && url === undefined) {
    throw new TypeError("Cannot reach a broker: give its 'url', or its 'fetch'");
  }
  const hosts = (options.hosts ?? []).map((name) => name.toLowerCase());
  return {
    fetch: given ?? ((request) => fetch(request)),
    url: (url ?? "http://localhost").replace(/\/+$/, ""),
    token: options.token,
    access,
    hosts: new Set(["localhost", "127.0.0.1", "[::1]", ...hosts]),
    readOnly: options.readOnly ?? false,
    basePath: toBasePath(options.basePath ?? "/"),
    title: options.title ?? "Millrace",
    isShared: options.shared ?? navigator?.userAgent !== "Cloudflare-Workers",
    logger: guardLogger(options.logger),
    clock: toClock(options.clock),
    random: options.random ?? systemRandom,
  };
}

function toBasePath(given: string): string {
  if (!/^\/(?:[\w.~-]+\/)*[\w.~-]*$/.test(given)) {
    throw new TypeError(
      `Cannot use ${show(given)} as 'basePath': expected a path such as '/admin/jobs/'`,
    );
  }
  return given.endsWith("/") ? given : `${given}/`;
}
