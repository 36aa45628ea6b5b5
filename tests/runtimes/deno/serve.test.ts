/**
 * The server suite on Deno.
 *
 * @module
 */

import { serve } from "../../../adapters/deno/serve.ts";
import { describeServer } from "../../adapters/server-conformance.ts";

describeServer("Deno", serve);
