/** Names of queues, for fields that want one. */

import { useOnce } from "../once.ts";

/** So many are offered: a browser has to draw them. */
const mostNames = 500;

export function QueueNames() {
  const found = useOnce<{ queues: readonly string[] }>("/queues");
  return (
    <datalist id="queue-names">
      {found?.queues.slice(0, mostNames).map((queue) => <option key={queue} value={queue} />)}
    </datalist>
  );
}
