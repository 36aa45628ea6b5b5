/** That the broker cannot be asked just now, once for all that is shown. */

import { clock, sentence } from "../format.ts";
import { outage } from "../look.ts";
import { Text } from "./small.tsx";

export function Outage() {
  const known = outage.value;
  if (known === undefined) return null;
  return (
    <p class="wrong" role="alert">
      <strong>
        <Text of={sentence(known.text)} />
      </strong>{" "}
      since{" "}
      {clock(known.since)}. What stands here is from before; it is asked again every five seconds.
    </p>
  );
}
