/**
 * The server suite on Bun.
 *
 * @module
 */

import { serve } from "../../../adapters/bun/serve.ts";
import { describeServer } from "../../adapters/server-conformance.ts";

describeServer("Bun", serve);
