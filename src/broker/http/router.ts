/**
 * From a method and a path to a row of the route table.
 *
 * @module
 */

import type { Route } from "../../protocol/routes.ts";

/** What a path leads to. */
export type Match<Name> =
  | { readonly name: Name; readonly params: readonly string[] }
  /** The path exists, the method does not: the value of the `allow` header. */
  | { readonly allow: string };

/** Finds the route of a method and a path, if there is one. */
export type Router<Name> = (method: string, path: string) => Match<Name> | undefined;

interface Node<Name> {
  readonly literal: Map<string, Node<Name>>;
  param: Node<Name> | undefined;
  readonly methods: Map<string, Name>;
}

/**
 * Creates a router of paths as they were sent. Segments that the table spells out win over parameters, and are
 * not percent-decoded; parameters are given as sent. HEAD goes where GET goes.
 */
export function createRouter<Name extends string>(
  routes: Readonly<Record<Name, Route>>,
): Router<Name> {
  const root = createNode<Name>();
  for (const [name, { method, path }] of Object.entries<Route>(routes)) {
    let node = root;
    for (const segment of path.split("/").slice(1)) {
      if (segment.startsWith("{")) node = node.param ??= createNode();
      else {
        let next = node.literal.get(segment);
        if (next === undefined) node.literal.set(segment, next = createNode());
        node = next;
      }
    }
    node.methods.set(method, name as Name);
  }
  return (method, path) => {
    const params: string[] = [];
    const node = walk(root, path.split("/"), 1, params);
    if (node === undefined) return undefined;
    const name = node.methods.get(method === "HEAD" ? "GET" : method);
    return name === undefined ? { allow: allowed(node) } : { name, params };
  };
}

function walk<Name>(
  node: Node<Name>,
  segments: readonly string[],
  at: number,
  params: string[],
): Node<Name> | undefined {
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

function createNode<Name>(): Node<Name> {
  return { literal: new Map(), param: undefined, methods: new Map() };
}

function allowed({ methods }: Node<string>): string {
  return [...methods.keys(), ...(methods.has("GET") ? ["HEAD"] : [])].join(",");
}
