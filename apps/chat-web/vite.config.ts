import { defaultClientConditions, defineConfig } from "vite";

const server = "http://127.0.0.1:3111";

export default defineConfig(({ command }) => ({
  // While developing, the packages are read from their sources; a build takes what users get.
  resolve: { conditions: [...(command === "serve" ? ["@tidings/source"] : []), ...defaultClientConditions] },
  server: { proxy: { "/api": server, "/events": server } },
  // Browsers that know `light-dark()` and `field-sizing` or do without: the style sheet stays as it is written.
  build: { target: "es2022", cssTarget: ["chrome123", "firefox128", "safari17.5"], sourcemap: true },
}));
