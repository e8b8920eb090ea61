import { defineConfig } from "tsup";
import { preset } from "../../tsup.preset.ts";

export default defineConfig(preset(["src/index.ts", "src/server.ts", "src/ai-sdk.ts", "src/tanstack.ts"]));
