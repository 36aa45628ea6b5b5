/**
 * Finds the endpoint that a request is for, by the table of routes.
 *
 * @module
 */

import { type Route, routes } from "../protocol/routes.ts";

/** The endpoints, those with more names of their own first: `/jobs/take` is not `/jobs/{id}`. */
const known = Object.values<Route>(routes)
  .map(({ method, path }) => ({ name: `${method} ${path}`, method, parts: path.split("/") }))
  .sort((a, b) => literals(b.parts) - literals(a.parts));

/**
 * Gives the name of an endpoint, such as `GET /jobs/{id}`; method and path if there is no such endpoint.
 *
 * @param method The method of the request.
 * @param url Its address.
 */
export function routeOf(method: string, url: string): string {
  const { pathname } = new URL(url);
  const parts = pathname.split("/");
  const found = known.find((route) =>
    route.method === method && route.parts.length === parts.length &&
    route.parts.every((part, at) => part.startsWith("{") || part === parts[at])
  );
  return found?.name ?? `${method} ${pathname}`;
}

/**
 * Demands the name of an endpoint.
 *
 * @throws {TypeError} If there is none of that name.
 */
export function demandRoute(name: string): void {
  if (known.some((route) => route.name === name)) return;
  const [, path = ""] = name.split(" ");
  const near = known.filter((route) => path !== "" && route.name.endsWith(` ${path}`));
  const wanted = near.length > 0
    ? near.map(({ name }) => `'${name}'`).join(" or ")
    : "one such as 'POST /jobs' or 'GET /jobs/{id}'";
  throw new TypeError(`Cannot use 'route' ${JSON.stringify(name)}: expected ${wanted}`);
}

function literals(parts: readonly string[]): number {
  return parts.filter((part) => !part.startsWith("{")).length;
}
