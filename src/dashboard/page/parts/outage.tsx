/** That the broker cannot be asked just now, once for all that is shown. */

import { outage } from "../look.ts";
import { Text, Time } from "./small.tsx";

export function Outage() {
  const known = outage.value;
  if (known === undefined) return null;
  return (
    <p class="wrong" role="alert">
      <strong>
        <Text of={known.text} />
      </strong>{" "}
      since{" "}
      <Time at={known.since} />. What stands here is from before; it is asked again every five
      seconds.
    </p>
  );
}
