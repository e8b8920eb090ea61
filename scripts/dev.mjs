// `npm run dev`: the chat from its sources. The page is on PORT, its server on the port after it, with the database
// of `npm start`. Either reloads when a file of it changes.
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
    TIDINGS_DB: process.env.TIDINGS_DB || resolve("data/chat.db"),
  },
});
