/** The transcripts of the protocol, replayed by a client in the process of a broker on PostgreSQL. */

import { describePglite, openPglite } from "../store/pglite.ts";
import { createInProcess } from "./sends/in-process.ts";
import { describeConformance } from "./suite.ts";

describePglite("a broker on PostgreSQL", () => {
  describeConformance(
    "in process, on PostgreSQL",
    (broker) =>
      Promise.resolve({ sender: createInProcess(broker.fetch), stop: () => Promise.resolve() }),
    {
      unsendable: ["GET /jobs/count"], // with a body, which a Request cannot have
      formats: ["JSON"], // What differs between formats is done before a database is asked.
      createDatabase: () => openPglite(),
      atOnce: 8,
    },
  );
});
