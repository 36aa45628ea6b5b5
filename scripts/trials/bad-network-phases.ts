/**
 * The phases of the trial of a bad network.
 *
 * @module
 */

import type { Weather } from "./bad-network-proxy.ts";

/** Something that goes wrong for a while. */
export interface Phase {
  readonly name: string;
  readonly ms: number;
  /** How the network is. */
  readonly weather?: Weather;
  /** What happens to a process: it is stopped and continued, or killed and started again. */
  readonly event?: "stop worker" | "stop broker" | "kill broker";
}

/** All of them, in their order. The silent ones last for longer than the worker's idle timeout and its time to answer. */
export const phases: readonly Phase[] = [
  { name: "silent", ms: 8000, weather: { holdUp: true, holdDown: true } },
  { name: "silent for a moment", ms: 1500, weather: { holdUp: true, holdDown: true } },
  { name: "late by 200 ms", ms: 8000, weather: { delayMs: 200 } },
  { name: "in crumbs", ms: 5000, weather: { crumbBytes: 40 } },
  { name: "cut", ms: 8000, weather: { cutAfterBytes: 3000 } },
  { name: "corrupt", ms: 8000, weather: { corrupt: 0.1 } },
  { name: "503", ms: 5000, weather: { refuse: 503 } },
  { name: "429", ms: 5000, weather: { refuse: 429 } },
  { name: "401", ms: 5000, weather: { refuse: 401 } },
  { name: "404", ms: 5000, weather: { refuse: 404 } },
  { name: "connection refused", ms: 5000, weather: { closed: true } },
  { name: "silent to the worker", ms: 8000, weather: { holdDown: true } },
  { name: "silent to the broker", ms: 8000, weather: { holdUp: true } },
  { name: "worker stopped", ms: 8000, event: "stop worker" },
  { name: "worker stopped for a moment", ms: 1500, event: "stop worker" },
  { name: "broker stopped", ms: 8000, event: "stop broker" },
  { name: "broker killed", ms: 2000, event: "kill broker" },
];
