import { defineConfig } from "tsup";
import { preset } from "../../tsup.preset.ts";

export default defineConfig(
  preset(["src/index.ts", "src/node.ts", "src/fetch.ts", "src/tickets.ts", "src/presence.ts"]),
);
