/**
 * The calls of a broker that a dashboard passes on, and what a visitor must be allowed to do for each.
 *
 * @module
 */

import { type Access, type Route, type RouteName, routes } from "../protocol/routes.ts";
import type { Visitor } from "./visitor.ts";

/** What a call needs, by the access of its route; those that are missing are not passed on. */
const needs: Readonly<Partial<Record<Access, Visitor>>> = {
  open: "read",
  read: "read",
  enqueue: "manage",
  manage: "manage",
  admin: "admin",
};

/** They would end everything, or store what no worker asked for; and no button asks for them. */
const refused: ReadonlySet<RouteName> = new Set(["reset", "putPayload"]);

/** A call that may be passed on. */
export interface PassedCall {
  readonly needed: Visitor;
  readonly isStream: boolean;
}

interface Row {
  readonly method: string;
  readonly path: RegExp;
  /** Undefined if it is not passed on. */
  readonly call: PassedCall | undefined;
}

/** Paths without parameters first: `take` is no id. */
const rows: readonly Row[] = Object.entries(routes)
  .sort(([, a], [, b]) => countParams(a) - countParams(b))
  .map(([name, route]) => {
    const { method, path, access, isStream }: Route = route;
    const needed = refused.has(name as RouteName) ? undefined : needs[access];
    const pattern = path.replace(/\{\w+\}/g, "[^/]+");
    return {
      method,
      path: new RegExp(`^${pattern}$`),
      call: needed && { needed, isStream: isStream === true },
    };
  });

function countParams({ path }: Route): number {
  return path.split("{").length;
}

/**
 * Finds what a call needs.
 *
 * @param method Its method.
 * @param path Its path at the broker, percent-encoded as it came.
 * @returns Undefined if it is not passed on.
 */
export function findCall(method: string, path: string): PassedCall | undefined {
  return rows.find((row) => row.method === method && row.path.test(path))?.call;
}
