/** The transcripts of the protocol, replayed over the server of Bun. */

import { serve } from "../../../adapters/bun/serve.ts";
import { describeServed } from "../../conformance/served.ts";

describeServed("Bun", serve);
