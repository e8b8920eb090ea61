// `npm run dev`: the page on PORT and its server on the port after it, with the database of `npm start`. Both come from
// their sources, and reload when a file changes. Only silence tells the page then that its server has been killed.
import { resolve } from "node:path";
import { execa } from "execa";

const port = Number(process.env.PORT || 3111);
await execa("turbo", ["run", "dev"], {
  stdio: "inherit",
  env: {
    TIDINGS_PAGE_HOST: process.env.HOST || "127.0.0.1",
    TIDINGS_PAGE_PORT: String(port),
    HOST: "127.0.0.1",
    PORT: String(port + 1),
    TIDINGS_HEARTBEAT: process.env.TIDINGS_HEARTBEAT || "1000",
    TIDINGS_DB: process.env.TIDINGS_DB || resolve("data/chat.db"),
  },
});
