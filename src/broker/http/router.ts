/**
 * From a method and a path to a row of the route table.
 *
 * @module
 */

import { type RouteName, routes } from "../../protocol/routes.ts";

/** What a path leads to. */
export type Match =
  | { readonly name: RouteName; readonly params: readonly string[] }
  /** The path exists, the method does not: the value of the `allow` header. */
  | { readonly allow: string };

interface Node {
  readonly literal: Map<string, Node>;
  param: Node | undefined;
  readonly methods: Map<string, RouteName>;
}

const root = createNode();
for (const [name, { method, path }] of Object.entries(routes)) {
  let node = root;
  for (const segment of path.split("/").slice(1)) {
    if (segment.startsWith("{")) node = node.param ??= createNode();
    else {
      let next = node.literal.get(segment);
      if (next === undefined) node.literal.set(segment, next = createNode());
      node = next;
    }
  }
  node.methods.set(method, name as RouteName);
}

/**
 * Finds the route of a path as it was sent. Segments that the table spells out win over parameters, and are
 * not percent-decoded; parameters are given as sent. HEAD goes where GET goes.
 */
export function matchRoute(method: string, path: string): Match | undefined {
  const params: string[] = [];
  const node = walk(root, path.split("/"), 1, params);
  if (node === undefined) return undefined;
  const name = node.methods.get(method === "HEAD" ? "GET" : method);
  return name === undefined ? { allow: allowed(node) } : { name, params };
}

function walk(
  node: Node,
  segments: readonly string[],
  at: number,
  params: string[],
): Node | undefined {
  const segment = segments[at];
  if (segment === undefined) return node.methods.size > 0 ? node : undefined;
  const literal = node.literal.get(segment);
  const found = literal && walk(literal, segments, at + 1, params);
  if (found !== undefined || node.param === undefined) return found;
  // An empty segment is a parameter in the middle of a path, and none at its end.
  if (segment === "" && at === segments.length - 1) return undefined;
  params.push(segment);
  const other = walk(node.param, segments, at + 1, params);
  if (other === undefined) params.pop();
  return other;
}

function createNode(): Node {
  return { literal: new Map(), param: undefined, methods: new Map() };
}

function allowed({ methods }: Node): string {
  return [...methods.keys(), ...(methods.has("GET") ? ["HEAD"] : [])].join(",");
}
