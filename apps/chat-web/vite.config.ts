import { defaultClientConditions, defineConfig } from "vite";

// `npm run dev` says where the page is, and that its server is on the port after it.
const { TIDINGS_PAGE_HOST: host = "127.0.0.1", TIDINGS_PAGE_PORT: port = "3111" } = process.env;
const target = `http://127.0.0.1:${Number(port) + 1}`;

export default defineConfig(({ command }) => ({
  // The development server reads the packages from their sources; a build uses what users install.
  resolve: { conditions: [...(command === "serve" ? ["@tidings/source"] : []), ...defaultClientConditions] },
  server: {
    host,
    port: Number(port),
    strictPort: true,
    proxy: { "/api": { target }, "/events": { target }, "/healthz": { target } },
  },
  // These browsers have `light-dark()`, so the style sheet is not rewritten. `field-sizing` is optional.
  build: { target: "es2022", cssTarget: ["chrome123", "firefox128", "safari17.5"], sourcemap: true },
}));
