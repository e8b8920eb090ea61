import { defaultClientConditions, defineConfig } from "vite";

const server = "http://127.0.0.1:3111";

export default defineConfig(({ command }) => ({
  // While developing, the packages are read from their sources; a build takes what users get.
  resolve: { conditions: [...(command === "serve" ? ["@tidings/source"] : []), ...defaultClientConditions] },
  server: { proxy: { "/api": server, "/events": server } },
  build: { target: "es2022", sourcemap: true },
}));
