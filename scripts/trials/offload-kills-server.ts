/**
 * The other server of the trial of kills: it is slow, answers in two parts, and says how far each answer is.
 *
 * @module
 */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How far a request is: it has come, half of the answer is sent, all of it is. */
export type AnswerPhase = "asked" | "half" | "answered";

/** The server. */
export interface SlowServer {
  readonly url: string;
  /** How often each path was asked. */
  readonly asked: ReadonlyMap<string, number>;
  close(): void;
}

/**
 * Starts it, on a free port of this machine.
 *
 * @param partMs How long it takes before each part, in ms.
 * @param onPhase Is told of each phase of each request.
 */
export async function startSlowServer(
  partMs: () => number,
  onPhase: (phase: AnswerPhase) => void,
): Promise<SlowServer> {
  const asked = new Map<string, number>();
  const server: Server = createServer(async (request, response) => {
    const path = request.url!;
    asked.set(path, (asked.get(path) ?? 0) + 1);
    request.resume();
    response.on("error", () => {}); // Who asked may have been killed.
    onPhase("asked");
    await sleep(partMs());
    response.write("the first half, ");
    onPhase("half");
    await sleep(partMs());
    response.end("and the second one");
    onPhase("answered");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
