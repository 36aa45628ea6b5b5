/**
 * The server suite on Node.
 *
 * @module
 */

import { serve } from "../../../adapters/node/serve.ts";
import { describeServer } from "../../adapters/server-conformance.ts";

describeServer("Node", serve);
