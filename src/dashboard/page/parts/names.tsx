/** Names that the broker knows, for fields that want one: the browser offers those that begin as somebody types. */

import type { Job } from "../model.ts";
import { useOnce } from "../once.ts";
import { session } from "../state.ts";

/** So many of a kind are offered: a browser has to draw them. */
const mostNames = 500;

function Names({ id, of }: { readonly id: string; readonly of: Iterable<string> }) {
  return (
    <datalist id={id}>
      {[...new Set(of)].slice(0, mostNames).map((name) => <option key={name} value={name} />)}
    </datalist>
  );
}

export function QueueNames() {
  const found = useOnce<{ queues: readonly string[] }>("/queues");
  return <Names id="queue-names" of={found?.queues ?? []} />;
}

/** Jobs that are looked at for their types: those that came last, without their payloads. */
const typesPath = "/jobs?order=desc&limit=200&max_payload=0";

/** Types of jobs, of which the broker has no list: those of the page, and of what came last. */
export function TypeNames({ jobs = [] }: { readonly jobs?: readonly Job[] }) {
  const last = useOnce<{ jobs: readonly Job[] }>(typesPath);
  const own = session.value?.types?.filter((type) => !type.includes("*")) ?? [];
  return (
    <Names
      id="type-names"
      of={[...own, ...[...jobs, ...last?.jobs ?? []].map(({ type }) => type).sort()]}
    />
  );
}

export function TagNames() {
  const found = useOnce<{ tags: readonly { readonly tag: string }[] }>("/tags?limit=200");
  return <Names id="tag-names" of={found?.tags.map(({ tag }) => tag) ?? []} />;
}

/** What jobs died of. */
export function FailureNames() {
  const found = useOnce<{ groups: readonly { readonly group: string }[] }>("/failures?limit=200");
  return <Names id="failure-names" of={found?.groups.map(({ group }) => group) ?? []} />;
}

/** How deep payloads are looked into for places, and how many places are offered. */
const [deepest, mostPaths] = [3, 60];

/** Places of a value, as jq writes them. */
function* pathsOf(value: unknown, before = "", depth = 0): Generator<string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  for (const [name, part] of Object.entries(value)) {
    const path = /^[a-zA-Z_]\w*$/.test(name)
      ? `${before}.${name}`
      : `${before || "."}[${JSON.stringify(name)}]`;
    yield path;
    if (depth < deepest) yield* pathsOf(part, path, depth + 1);
  }
}

/** Places of the payloads on the page, for who writes a filter. */
export function PayloadPaths({ jobs }: { readonly jobs: readonly Job[] }) {
  const paths = new Set(jobs.slice(0, 10).flatMap(({ payload }) => [...pathsOf(payload)]));
  return <Names id="payload-paths" of={[...paths].slice(0, mostPaths)} />;
}
