import { binary, runNode } from "./child.mjs";

/** Pictures of the chat's page, from the sources as they are now. */
export const takeScreenshots = () => runNode(binary("tsx"), ["--conditions=@tidings/source", "e2e/screenshots.ts"]);
