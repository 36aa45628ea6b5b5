/**
 * The calls of an operator. They have a listener of their own, so that other clients can neither read the whole database
 * nor keep the disk busy.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { StoreError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { type AdminRouteName, adminRoutes } from "../../protocol/routes.ts";
import { toBackup } from "../../store/backup.ts";
import type { DatabaseCopy } from "../../store/database.ts";
import type { Upkeep } from "../../store/upkeep.ts";
import { answerNothing } from "./answer.ts";
import type { Endpoint, Surface } from "./call.ts";
import { refuseWebPages } from "./guard.ts";
import { createHandler, type HandlerOptions } from "./handler.ts";

/** What the endpoints of the admin listener work with. */
export interface AdminContext {
  readonly upkeep: Upkeep;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** `POST /backup` */
const backup: Endpoint<AdminContext> = async ({ upkeep, clock, logger, request }) => {
  let copy: DatabaseCopy;
  try {
    copy = await upkeep.copy(request.signal);
  } catch (error) {
    logger.error("Cannot back up", { error });
    return answerFailure("backup failed");
  }
  return new Response(toBackup(copy, clock.now()), {
    headers: {
      "content-type": "application/gzip",
      "content-disposition": 'attachment; filename="backup.tar.gz"',
    },
  });
};

/** `POST /compact` */
const compact: Endpoint<AdminContext> = async ({ upkeep, logger }) => {
  try {
    await upkeep.compact();
  } catch (error) {
    logger.error("Cannot compact", { error });
    return answerFailure(
      error instanceof StoreError ? `compaction failed: ${error.message}` : "compaction failed",
    );
  }
  return answerNothing(204);
};

function answerFailure(message: string): Response {
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return new Response(message, { status: 500, headers });
}

const surface: Surface<AdminRouteName, AdminContext> = {
  routes: adminRoutes,
  endpoints: { backup, compact },
};

/**
 * Creates the fetch function of the admin listener. It refuses what a web page asks, which a browser marks with
 * `Origin` on each POST: a page must not read a database by way of a name that it points at this machine.
 */
export function createAdminHandler(
  context: AdminContext,
  admit?: HandlerOptions<AdminRouteName>["admit"],
): (request: Request) => Promise<Response> {
  return refuseWebPages(createHandler(surface, context, { admit }));
}
