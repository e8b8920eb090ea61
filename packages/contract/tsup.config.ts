import { defineConfig } from "tsup";
import { preset } from "../../tsup.preset.ts";

export default defineConfig(
  preset(["src/index.ts", "src/check.ts", "src/codecs.ts", "src/encoder.ts", "src/presence.ts"]),
);
