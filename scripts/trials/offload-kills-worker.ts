/**
 * A worker of requests of the trial of kills, in a process of its own: run with the URL of the broker.
 *
 * @module
 */

import process from "node:process";
import { createClient, createLeases } from "../../src/client/mod.ts";
import { createHttpWorker } from "../../src/offload/mod.ts";

const options = { url: process.argv[2]!, timeoutMs: 3000 };
const worker = createHttpWorker({
  client: createClient(options),
  leases: createLeases(options),
  leaseMs: 1000,
  // Each request may be sent again often: the trial kills much.
  maxRecoveries: 20,
  // The other server is on this machine.
  guardAddresses: false,
  logger: false,
});
await worker.start();
console.log("started");

// The parent holds the other end: this process ends when its parent does.
process.stdin.on("end", () => process.exit(0)).resume();
