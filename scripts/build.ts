/**
 * Builds the npm package into `dist/`: `npm pack` and `npm publish` do it by themselves.
 *
 * @module
 */

import { buildPackage } from "./gate/package.ts";

await buildPackage();
