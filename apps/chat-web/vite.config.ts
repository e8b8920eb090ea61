import { defaultClientConditions, defineConfig } from "vite";

const server = "http://127.0.0.1:3111";

export default defineConfig(({ command }) => ({
  // The development server reads the packages from their sources; a build uses what users install.
  resolve: { conditions: [...(command === "serve" ? ["@tidings/source"] : []), ...defaultClientConditions] },
  server: { proxy: { "/api": server, "/events": server } },
  // These browsers have `light-dark()`, so the style sheet is not rewritten. `field-sizing` is optional.
  build: { target: "es2022", cssTarget: ["chrome123", "firefox128", "safari17.5"], sourcemap: true },
}));
