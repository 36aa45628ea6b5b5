/**
 * What our client and worker do besides the least that a client has to do, without a network and without a server:
 *
 *     deno task bench:client --runtimes deno,node,bun --rounds 60 --quick --json FILE
 *
 * A function answers their calls at once, the same for our client and for the lean one (`lean-subject.ts`). Both run in one process,
 * in turn, and only CPU time is measured: so this tells something on a busy machine too. What is shown is the lower quartile.
 *
 * @module
 */

import { type Bench, runCommand } from "./bench.ts";
import { askChild } from "./child.ts";
import type { ClientFigures, ClientTask } from "./client-process.ts";
import { readChoices, readCount } from "./flags.ts";
import { toNumber, toTable } from "./markdown.ts";
import { openRuntimes } from "./open-runtimes.ts";
import { type RuntimeName, runtimeNames } from "./runtimes.ts";

/** The figures of a runtime. */
interface ClientResult extends ClientFigures {
  readonly runtime: RuntimeName;
}

export const clientBench: Bench<readonly ClientResult[]> = {
  name: "client",
  flags: ["runtimes", "rounds"],

  async measure({ flags, quick, signal, tell }) {
    const rounds = readCount("rounds", flags["rounds"] ?? (quick ? "20" : "60"));
    const results: ClientResult[] = [];
    for (
      const runtime of await openRuntimes(readChoices("runtimes", flags["runtimes"], runtimeNames))
    ) {
      tell(`client: ${runtime.name}`);
      const task: ClientTask = { rounds };
      const script = new URL("client-process.ts", import.meta.url);
      const figures = await askChild<ClientFigures>(runtime, script, { task, signal });
      results.push({ runtime: runtime.name, ...figures });
    }
    return results;
  },

  toMarkdown(results) {
    const rows = results.flatMap(({ runtime, workloads }) =>
      workloads.map(({ name, own, lean }) => [
        runtime,
        name,
        toNumber(own),
        toNumber(lean),
        (own / lean).toFixed(2),
        toNumber(own - lean),
      ])
    );
    const numbers = ["our client", "lean", "ratio", "difference"].map((number) => ({ number }));
    return [
      "CPU time in µs a job, that of what answers in it:",
      toTable(["Runtime", "Workload", ...numbers], rows),
    ].join("\n\n");
  },
};

if (import.meta.main) await runCommand(clientBench);
