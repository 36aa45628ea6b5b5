/**
 * `millrace top`: a broker on a terminal, and what can be done with it there.
 *
 * @module
 */

import process from "node:process";
import { describeFlags, type Flags } from "../options.ts";
import { type BrokerConfig, brokerFlags, toClientOptions, toSwitch } from "../operator/flags.ts";
import type { Output } from "../operator/output.ts";
import { readInteger } from "../values.ts";
import { createTopBroker, type TopBroker } from "./broker.ts";
import { draw, rowsOf } from "./draw.ts";
import type { Key } from "./keys.ts";
import { type Deed, firstState, type Loaded, nothing, press, type State } from "./model.ts";
import { openScreen } from "./screen.ts";

/** What `millrace top` is told. */
export interface TopConfig extends BrokerConfig {
  readonly interval: number;
  readonly once: boolean;
}

/** The flags of `millrace top`. */
export const topFlags: Flags<TopConfig> = {
  interval: {
    placeholder: "SECONDS",
    fallback: "2",
    read: readInteger(1, 3600),
    help: "how often it looks",
  },
  once: toSwitch("one look at the queues, as plain text; so it is in a pipe as well"),
  ...brokerFlags,
};

/** The help of `millrace top`. */
export const topHelp: string = `Usage: millrace top [flags]

Shows queues, with how many runs succeeded in the last hour and how long 95 of 100 of them took at most, jobs, workers and
failures, looks again every few seconds, and lets you pause queues and retry, cancel or delete
jobs. Keys: 1 to 4 or tab for what is shown, arrows or j and k to choose, enter to open, esc to go back, / to search by jq,
s for a status, o to sort queues, control and L to draw anew, q to leave. It uses no colours. Needs a Millrace broker.

${describeFlags(topFlags)}`;

/** Shows it until somebody leaves. */
export async function runTop(config: TopConfig, output: Output): Promise<void> {
  const broker = createTopBroker(toClientOptions(config));
  // A dumb terminal knows no sequences.
  const isScreen = output.isTerminal && process.stdin.isTTY && process.env["TERM"] !== "dumb";
  if (config.once || !isScreen) {
    return await output.write(await drawPlain(broker, config, output.width));
  }
  await showUntilLeft(broker, config);
}

/** Colours and the like, which a pipe has no use for. */
// deno-lint-ignore no-control-regex
const decoration = /\x1b\[[\d;]*m/g;

/** One look at the queues. */
async function drawPlain(
  broker: TopBroker,
  { url }: TopConfig,
  width: number,
): Promise<string> {
  const loaded = await broker.load(firstState);
  const scene = {
    state: { ...firstState, row: -1 },
    loaded,
    now: Date.now(),
    note: "",
    url: url.href,
  };
  const lines = draw(scene, { width, height: loaded.queues.length + 6 });
  return `${lines.slice(2, 3 + Math.max(1, loaded.queues.length)).join("\n")}\n`
    .replace(decoration, "").replace(/ +$/gm, "");
}

function showUntilLeft(broker: TopBroker, { url, interval }: TopConfig): Promise<void> {
  return new Promise((resolve) => {
    let state: State = firstState;
    let loaded: Loaded = nothing;
    let note = "Loading";
    /** Why the last look failed; what was seen before it stays. */
    let failure: string | undefined;
    /** Counts what was asked for: an answer to an older question is of no use. */
    let asked = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const redraw = () => {
      const scene = { state, loaded, now: Date.now(), note: failure ?? note, url: url.href };
      screen.draw(draw(scene, screen.size));
    };
    const load = async () => {
      clearTimeout(timer);
      const own = ++asked;
      try {
        const found = await broker.load(state);
        if (own !== asked) return;
        loaded = found;
        failure = undefined;
        if (note === "Loading") note = "";
      } catch (error) {
        if (own !== asked) return;
        failure = `${(error as Error).message}; it is tried again`;
      }
      redraw();
      timer = setTimeout(load, interval * 1000);
    };
    const perform = async (deed: Deed) => {
      try {
        note = await broker.do(deed);
      } catch (error) {
        note = (error as Error).message;
      }
      if (deed.kind === "delete" && state.view === "job") {
        state = { ...state, view: "jobs", id: undefined };
      }
      await load();
    };
    const pressed = (key: Key) => {
      if (key === "redraw") return screen.redraw();
      const before = state;
      const step = press(state, key, loaded, rowsOf(screen.size));
      if (step.isOver) return end();
      state = step.state;
      const isElsewhere = (["view", "queue", "status", "group", "filter", "id"] as const)
        .some((name) => state[name] !== before[name]);
      if (isElsewhere) {
        loaded = nothing;
        note = "Loading";
      }
      redraw();
      if (step.deed !== undefined) void perform(step.deed);
      else if (isElsewhere || state.sort !== before.sort) void load();
    };
    const signals = ["SIGINT", "SIGTERM"] as const;
    const end = () => {
      asked++;
      clearTimeout(timer);
      for (const name of signals) process.off(name, end);
      screen.close();
      resolve();
    };
    for (const name of signals) process.once(name, end);
    const screen = openScreen({ pressed, resized: () => redraw() });
    redraw();
    void load();
  });
}
