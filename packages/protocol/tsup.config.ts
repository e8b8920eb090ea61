import { defineConfig } from "tsup";
import { preset } from "../../tsup.preset.ts";

export default defineConfig(
  preset(["src/index.ts", "src/call-safely.ts", "src/checks.ts", "src/clock.ts", "src/mode.ts", "src/on-abort.ts"]),
);
