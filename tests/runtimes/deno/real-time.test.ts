/**
 * Silent streams and slow readers on Deno; takes about 20 s of real time.
 *
 * @module
 */

import { serve } from "../../../adapters/deno/serve.ts";
import { describeRealTime } from "../../adapters/server-real-time.ts";

describeRealTime("Deno", serve);
