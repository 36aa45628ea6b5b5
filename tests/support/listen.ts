/** A stream of events as it goes over the wire. */

import type { Broker } from "../../src/broker/mod.ts";

/** What came on a stream. */
export interface Heard {
  readonly response: Response;
  /** The documents, those that are about no job included. */
  // deno-lint-ignore no-explicit-any -- tests look into documents of every shape
  readonly events: any[];
  /** What came, as it is. */
  readonly text: () => string;
  /** The kinds and ids of what came about jobs. */
  readonly told: () => string[];
  readonly ended: () => boolean;
  close(): Promise<void>;
}

/** Listens to events, and gathers what comes. */
export async function listen(
  broker: Pick<Broker, "fetch">,
  query = "",
  headers: Record<string, string> = {},
): Promise<Heard> {
  const response = await broker.fetch(new Request(`http://broker/events${query}`, { headers }));
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  const events: { event: string; id?: string }[] = [];
  let text = "";
  let rest = "";
  let ended = false;
  (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const piece = decoder.decode(value, { stream: true });
      text += piece;
      rest += piece;
      const lines = rest.split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const json = line.replace(/^data: /, "");
        if (json.startsWith("{")) events.push(JSON.parse(json));
      }
    }
    ended = true;
  })();
  return {
    response,
    events,
    text: () => text,
    told: () =>
      events.filter(({ id }) => id !== undefined).map(({ event, id }) => `${event} ${id}`),
    ended: () => ended,
    close: () => reader.cancel(),
  };
}
