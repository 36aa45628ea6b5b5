/** The transcripts of the protocol, replayed by a client in the process of the broker. */

import { describeConformance } from "./suite.ts";
import { createInProcess } from "./sends/in-process.ts";

describeConformance(
  "in process",
  (broker) =>
    Promise.resolve({ sender: createInProcess(broker.fetch), stop: () => Promise.resolve() }),
  { unsendable: ["GET /jobs/count"] }, // with a body, which a Request cannot have
);
