/** The broker, in one process, answers as the reference server did. */

import { describeConformance } from "./suite.ts";
import { createInProcess } from "./sends/in-process.ts";

describeConformance(
  "in process",
  (broker) =>
    Promise.resolve({ sender: createInProcess(broker.fetch), stop: () => Promise.resolve() }),
  ["GET /jobs/count"], // with a body, for which a Request has no word
);
