/** The transcripts of the protocol, replayed over the server of Deno. */

import { serve } from "../../../adapters/deno/serve.ts";
import { describeServed } from "../../conformance/served.ts";

describeServed("Deno", serve);
