/**
 * The jobs that a job waits for and that wait for it, also by way of others, and where each is drawn.
 *
 * | What           | Is                                                                                       |
 * | -------------- | ---------------------------------------------------------------------------------------- |
 * | a layer        | a column: 0 for the job itself, below 0 for what it waits for, above 0 for what waits    |
 * | a step         | one round of questions, which finds the jobs one link further on both sides at once      |
 * | what is cut    | further links of a job that lead to none that is shown                                   |
 */

import type { Job } from "./model.ts";

/** So many jobs are shown, and so many links are followed on each side. */
export const mostJobs = 200;
const mostSteps = 12;

/** Ids of one call: they may have 128 letters each, and addresses have an end. */
const idsAtOnce = 50;

/** The broker tells so many links of each side of a job. */
const toldLinks = 100;

type Found = Pick<Job, "id" | "type" | "status" | "depends_on" | "dependents" | "more_links">;

/** A job in the graph. */
export interface Node {
  readonly id: string;
  /** Undefined if the job is gone meanwhile, or may not be seen. */
  readonly job: Found | undefined;
  readonly layer: number;
  /** From the left and the top of the drawing, in pixels. */
  readonly x: number;
  readonly y: number;
  /** How many jobs beside this one are known and not shown. */
  readonly cut: number;
  /** Whether there are still more, which the broker does not name. */
  readonly isMore: boolean;
}

/** What is drawn. */
export interface Graph {
  /** Layer by layer, from the top of each. */
  readonly nodes: readonly Node[];
  readonly edges: readonly (readonly [parent: Node, child: Node])[];
  readonly width: number;
  readonly height: number;
}

/** The size of a job in the drawing, and the room around it, in pixels. */
export const nodeSize = { width: 184, height: 46 };
const [gapX, gapY, margin] = [56, 14, 12];

/**
 * Finds the jobs, a step at a time.
 *
 * @param ask Gives those of some ids that are there.
 * @returns All that were asked for, in the order in which they were found; undefined for those that are not there.
 */
export async function findJobs(
  id: string,
  ask: (ids: readonly string[]) => Promise<readonly Found[]>,
): Promise<ReadonlyMap<string, Found | undefined>> {
  const found = new Map<string, Found | undefined>();
  let sides: readonly (readonly string[])[] = [[id], [id]];
  for (let step = 0; step <= mostSteps; step++) {
    const wanted = takeTurns(sides, found);
    if (wanted.length === 0) break;
    for (const one of wanted) found.set(one, undefined);
    const parts: (readonly string[])[] = [];
    for (let at = 0; at < wanted.length; at += idsAtOnce) {
      parts.push(wanted.slice(at, at + idsAtOnce));
    }
    for (const jobs of await Promise.all(parts.map(ask))) {
      for (const job of jobs) found.set(job.id, job);
    }
    const isNew = new Set(wanted);
    sides = sides.map((ids, side) =>
      ids.filter((one) => isNew.has(one)).flatMap((one) => linksOf(found.get(one), side))
    );
  }
  return found;
}

/** Its links on the left (0) or the right (1). */
function linksOf(job: Found | undefined, side: number): readonly string[] {
  return (side === 0 ? job?.depends_on : job?.dependents) ?? [];
}

/** New ids of both sides in turn, so that a crowd on one leaves room for the other. */
function takeTurns(
  sides: readonly (readonly string[])[],
  found: ReadonlyMap<string, unknown>,
): string[] {
  const wanted = new Set<string>();
  for (let at = 0; sides.some((ids) => at < ids.length); at++) {
    for (const { [at]: id } of sides) {
      if (found.size + wanted.size >= mostJobs) return [...wanted];
      if (id !== undefined && !found.has(id)) wanted.add(id);
    }
  }
  return [...wanted];
}

/** Says where each job is drawn. */
export function layOut(root: string, found: ReadonlyMap<string, Found | undefined>): Graph {
  const parents = new Map<string, Set<string>>();
  const children = new Map<string, Set<string>>();
  const join = (parent: string, child: string) => {
    if (!found.has(parent) || !found.has(child)) return;
    children.set(parent, (children.get(parent) ?? new Set()).add(child));
    parents.set(child, (parents.get(child) ?? new Set()).add(parent));
  };
  for (const [id, job] of found) {
    for (const parent of linksOf(job, 0)) join(parent, id);
    for (const child of linksOf(job, 1)) join(id, child);
  }
  const before = measure(root, parents);
  const after = measure(root, children);
  const layers = new Map<number, string[]>();
  for (const id of found.keys()) {
    const layer = after.get(id) ?? -(before.get(id) ?? 0);
    layers.set(layer, [...layers.get(layer) ?? [], id]);
  }
  const columns = [...layers].sort(([a], [b]) => a - b);
  untangle(columns.map(([, ids]) => ids), parents, children);

  const stepY = nodeSize.height + gapY;
  const height = Math.max(...columns.map(([, ids]) => ids.length)) * stepY - gapY + 2 * margin;
  const nodes = columns.flatMap(([layer, ids], column) => {
    const top = (height - (ids.length * stepY - gapY)) / 2;
    return ids.map((id, row): Node => {
      const job = found.get(id);
      const isCut = (other: string) => !found.has(other);
      // What else waits for a job on the left is no part of the graph.
      const sides = [layer <= 0 ? linksOf(job, 0) : [], layer >= 0 ? linksOf(job, 1) : []];
      return {
        id,
        job,
        layer,
        x: margin + column * (nodeSize.width + gapX),
        y: top + row * stepY,
        cut: sides.flat().filter(isCut).length,
        isMore: job?.more_links === true && sides.some((ids) => ids.length >= toldLinks),
      };
    });
  });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return {
    nodes,
    edges: nodes.flatMap((node) =>
      [...children.get(node.id) ?? []].map((child) => [node, byId.get(child)!] as const)
    ),
    width: columns.length * (nodeSize.width + gapX) - gapX + 2 * margin,
    height,
  };
}

/** How many links lie between the job and each that is reached from it, by the longest way. */
function measure(
  root: string,
  next: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlyMap<string, number> {
  const steps = new Map([[root, 0]]);
  let edge = [root];
  // There is no circle; if jobs changed while they were asked for one by one, there may seem to be one.
  for (let step = 1; edge.length > 0 && step < mostJobs; step++) {
    edge = [...new Set(edge.flatMap((id) => [...next.get(id) ?? []]))];
    for (const id of edge) if (id !== root) steps.set(id, step);
  }
  return steps;
}

/** Puts jobs beside those that they are linked with, so that fewer lines cross. */
function untangle(
  columns: readonly string[][],
  parents: ReadonlyMap<string, ReadonlySet<string>>,
  children: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const places = new Map<string, number>();
  const note = (ids: readonly string[]) =>
    ids.forEach((id, at) => places.set(id, at - (ids.length - 1) / 2));
  columns.forEach(note);
  const sweep = (order: readonly string[][], beside: typeof parents) => {
    for (const ids of order) {
      const wishes = new Map(ids.map((id) => {
        const others = [...beside.get(id) ?? []].map((other) => places.get(other)!);
        const wish = others.length === 0
          ? places.get(id)!
          : others.reduce((sum, one) => sum + one, 0) / others.length;
        return [id, wish];
      }));
      ids.sort((a, b) => wishes.get(a)! - wishes.get(b)!);
      note(ids);
    }
  };
  for (let times = 0; times < 3; times++) {
    sweep(columns, parents);
    sweep([...columns].reverse(), children);
  }
}

/** The job to which an arrow key leads: above or below, or the nearest on the left or right that is linked. */
export function neighbour({ nodes, edges }: Graph, from: Node, key: string): Node | undefined {
  const step = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (step !== undefined) {
    const next = nodes[nodes.indexOf(from) + step];
    return next?.layer === from.layer ? next : undefined;
  }
  const linked = edges.flatMap(([parent, child]) =>
    key === "ArrowLeft" && child === from
      ? [parent]
      : key === "ArrowRight" && parent === from
      ? [child]
      : []
  );
  const distance = (node: Node) => Math.hypot(node.x - from.x, node.y - from.y);
  return linked.sort((a, b) => distance(a) - distance(b))[0];
}
