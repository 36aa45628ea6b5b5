/**
 * Ways to the brokers of a namespace of Durable Objects.
 *
 * @module
 */

/** What is used of the binding of a class of Durable Objects. */
export interface ObjectNamespace {
  /** The id of the object of a name. */
  idFromName(name: string): ObjectId;
  /** The way to an object, which is made when it is first used. */
  get(id: ObjectId): { fetch(request: Request): Promise<Response> };
}

/** The id of an object; nothing of it is used here. */
export type ObjectId = object;

/**
 * Makes a client's `fetch` of one object: `createClient({ fetch: objectFetch(env.JOBS, "main") })`.
 *
 * @param namespace The binding.
 * @param name Which object: a tenant, a queue, or the one that there is.
 */
export function objectFetch(
  namespace: ObjectNamespace,
  name: string,
): (request: Request) => Promise<Response> {
  // A stub of an object that failed stays broken, so each call gets a new one; it costs nothing.
  return (request) => namespace.get(namespace.idFromName(name)).fetch(request);
}

/** How {@linkcode routeToObjects} finds the object of a request. */
export interface RouteToObjectsOptions {
  /**
   * What the path begins with, before the name of the object.
   *
   * @default {"/"}
   */
  readonly prefix?: string | undefined;
  /**
   * Whether a name may be used. Each name that is asked for is an object that is made, so let in only those that there are.
   *
   * @default {every name}
   */
  readonly allows?: ((name: string, request: Request) => boolean | Promise<boolean>) | undefined;
}

/**
 * Serves many brokers, each an object of its own, under the paths of their names: `/acme/jobs` is `/jobs` of the object
 * `acme`. A client's `url` is then `https://jobs.example/acme`. One object does some hundreds of jobs a second, so who needs
 * more has an object for each tenant, or for each queue.
 *
 * @param namespace The binding.
 * @param options Where names stand, and which may be used.
 * @returns Answers requests; 404 where there is no name, or one that may not be used.
 *
 * @example
 * ```ts
 * import { type ObjectNamespace, routeToObjects } from "@millrace/millrace/cloudflare";
 *
 * const tenants = new Set(["acme", "globex"]);
 *
 * const worker = { // its default export
 *   fetch: (request: Request, env: { JOBS: ObjectNamespace }) =>
 *     routeToObjects(env.JOBS, { allows: (name) => tenants.has(name) })(request),
 * };
 * console.log(typeof worker.fetch); // function
 * ```
 */
export function routeToObjects(
  namespace: ObjectNamespace,
  { prefix = "/", allows = () => true }: RouteToObjectsOptions = {},
): (request: Request) => Promise<Response> {
  if (!prefix.startsWith("/") || !prefix.endsWith("/")) {
    throw new TypeError(
      `Cannot use 'prefix' ${JSON.stringify(prefix)}: expected one that begins and ends with '/'`,
    );
  }
  return async (request) => {
    const url = new URL(request.url);
    const [name, rest] = splitName(url.pathname, prefix);
    if (name === undefined || !await allows(name, request)) {
      return Response.json({ error: "no such broker" }, { status: 404 });
    }
    url.pathname = rest;
    return await objectFetch(namespace, name)(new Request(url, request));
  };
}

/** The name behind a prefix, and the path behind the name. */
function splitName(path: string, prefix: string): [name: string | undefined, rest: string] {
  const end = path.indexOf("/", prefix.length);
  if (!path.startsWith(prefix) || end <= prefix.length) return [undefined, ""];
  try {
    return [decodeURIComponent(path.slice(prefix.length, end)), path.slice(end)];
  } catch {
    return [undefined, ""];
  }
}
