/** The transcripts of the protocol, replayed over the server of Node. */

import { serve } from "../../../adapters/node/serve.ts";
import { describeServed } from "../../conformance/served.ts";

describeServed("Node", serve);
