/** All jobs that a job waits for and that wait for it: a drawing of links, and the same as a list. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { CallError, withQuery } from "../api.ts";
import { count, many, plain, statusLabel } from "../format.ts";
import { findJobs, type Graph, layOut, neighbour, type Node, nodeSize } from "../graph.ts";
import { useLive } from "../live.ts";
import { isOutage, look } from "../look.ts";
import type { Job, JobPage } from "../model.ts";
import { link, session } from "../state.ts";
import { JobLink, Shown, StatusBadge, Text } from "./small.tsx";

/** What the broker answered, and what was drawn of it: the same is not drawn again. */
interface Drawn {
  readonly answers: readonly (readonly Job[])[];
  readonly graph: Graph;
}

export function JobGraph({ id }: { readonly id: string }) {
  const last = useRef<Drawn | undefined>(undefined);
  const loaded = useLive(`graph of ${id}`, async (_, signal) => {
    const answers: (readonly Job[])[] = [];
    const found = await findJobs(id, async (ids) => {
      const jobs = await askFor(ids, signal);
      answers.push(jobs);
      return jobs;
    });
    const before = last.current;
    const isSame = before?.graph.nodes.some((node) => node.id === id) &&
      before.answers.length === answers.length &&
      answers.every((jobs) => before.answers.includes(jobs));
    if (before === undefined || !isSame) {
      last.current = { answers, graph: layOut(id, found) };
    }
    return last.current!.graph;
  });
  return <Shown loaded={loaded}>{(graph) => <Drawing key={id} graph={graph} id={id} />}</Shown>;
}

const none: readonly Job[] = [];

/** Asks for jobs, as far as the visitor may see them. */
async function askFor(ids: readonly string[], signal: AbortSignal): Promise<readonly Job[]> {
  // A token that is limited has to say to which queues and types.
  const { queues, types } = session.value ?? {};
  const query = {
    id: ids.join(","),
    queue: queues?.join(","),
    type: types?.join(","),
    limit: ids.length,
    max_payload: 0,
  };
  try {
    return (await look<JobPage>(withQuery("/jobs", query), signal)).jobs;
  } catch (error) {
    // What may not be seen is drawn without its state.
    if (error instanceof CallError && !isOutage(error) && error.status !== 401) return none;
    throw error;
  }
}

/** What a job is called where there is little room. */
const nameOf = ({ id, job }: Node) => plain(job?.type ?? id);
const stateOf = ({ job }: Node) => job === undefined ? "not known" : statusLabel(job.status);

/** Jobs beside one that are not shown. */
const cutOf = ({ cut, isMore }: Node) => isMore ? "many more" : cut > 0 ? `${count(cut)} more` : "";

/** The letters for which there is room; what is wider in spite of that is cut by the drawing. */
const shownLetters = 23;

function clip(text: string): string {
  const letters = [...text.slice(0, 3 * shownLetters)];
  return letters.length > shownLetters
    ? `${letters.slice(0, shownLetters - 1).join("")}…`
    : letters.join("");
}

function Drawing({ graph, id }: { readonly graph: Graph; readonly id: string }) {
  const box = useRef<HTMLDivElement>(null);
  const own = graph.nodes.find((node) => node.id === id)!;
  // One is reached by the tab key, the others from there by arrows.
  const [entry, setEntry] = useState(id);
  const isThere = graph.nodes.some((node) => node.id === entry);
  useLayoutEffect(() => {
    const { clientWidth, clientHeight } = box.current!;
    box.current!.scrollTo(
      own.x - (clientWidth - nodeSize.width) / 2,
      own.y - (clientHeight - nodeSize.height) / 2,
    );
  }, []);
  const move = (event: KeyboardEvent, from: Node) => {
    if (!event.key.startsWith("Arrow") || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = neighbour(graph, from, event.key);
    if (next === undefined) return;
    box.current!.querySelectorAll<SVGAElement>("a")[graph.nodes.indexOf(next)]!.focus();
  };
  const cut = graph.nodes.some((node) => cutOf(node) !== "");
  return (
    <>
      <div class="graph" ref={box}>
        <svg
          width={graph.width}
          height={graph.height}
          role="group"
          aria-label="What waits for what; arrow keys go from job to job"
        >
          <path
            class="edges"
            d={graph.edges.map(([from, to]) => {
              const [x, y] = [from.x + nodeSize.width, from.y + nodeSize.height / 2];
              const [endX, endY] = [to.x, to.y + nodeSize.height / 2];
              const bend = (endX - x) / 2;
              return `M${x} ${y}C${x + bend} ${y} ${endX - bend} ${endY} ${endX} ${endY}`;
            }).join("")}
          />
          {graph.nodes.map((node) => (
            <a
              key={node.id}
              href={link(["jobs", node.id])}
              class={`node ${node.job?.status ?? ""}`}
              tabIndex={node.id === (isThere ? entry : id) ? 0 : -1}
              aria-current={node.id === id ? "page" : undefined}
              onFocus={() => setEntry(node.id)}
              onKeyDown={(event) => move(event, node)}
            >
              <svg x={node.x} y={node.y} {...nodeSize}>
                <rect x="1" y="1" width={nodeSize.width - 2} height={nodeSize.height - 2} rx="8">
                  <title>{`${nameOf(node)} (${plain(node.id)})`}</title>
                </rect>
                <text x="10" y="19">{clip(nameOf(node))}</text>
                <text x="10" y="36" class="state">
                  {stateOf(node)}
                </text>
                <text x={nodeSize.width - 10} y="36" class="cut">{cutOf(node)}</text>
              </svg>
            </a>
          ))}
        </svg>
      </div>
      <details class="as-list">
        <summary>{many(graph.nodes.length, "job")} as a list</summary>
        <AsList graph={graph} id={id} />
      </details>
      <p class="hint">
        {cut && "Not all are shown: a job whose number of others is told leads to these. "}
        What has succeeded is not waited for any more, and left out.
      </p>
    </>
  );
}

/** So many of the jobs that one waits for are named in the list. */
const namedParents = 3;

function AsList({ graph: { nodes, edges }, id }: { readonly graph: Graph; readonly id: string }) {
  const layers = [...new Set(nodes.map(({ layer }) => layer))];
  return (
    <>
      {layers.filter((layer) => layer !== 0).map((layer) => (
        <section key={layer}>
          <h3>
            {layer < 0 ? "It waits for these" : "These wait for it"}
            {Math.abs(layer) > 1 && `, by ${count(Math.abs(layer))} steps`}
          </h3>
          <ul>
            {nodes.filter((node) => node.layer === layer).map((node) => {
              const parents = edges.filter(([parent, child]) => child === node && parent.id !== id)
                .map(([parent]) => nameOf(parent));
              return (
                <li key={node.id}>
                  <JobLink id={node.id} /> <Text of={node.job?.type} /> {node.job === undefined
                    ? <span class="hint">not known</span>
                    : <StatusBadge status={node.job.status} />}
                  {parents.length > 0 && (
                    <span class="hint">
                      waits for <Text of={parents.slice(0, namedParents).join(", ")} />
                      {parents.length > namedParents &&
                        ` and ${count(parents.length - namedParents)} more`}
                    </span>
                  )}
                  {cutOf(node) !== "" && <span class="hint">· {cutOf(node)}</span>}
                </li>
              );
            })}
          </ul>
        </section>
      ))}
    </>
  );
}
