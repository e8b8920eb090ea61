import { startServer } from "../../packages/log-postgres/test/test-server.ts";
import { Tables } from "./soak/tables.ts";
import { testSoak } from "./soak/test-soak.ts";

testSoak("PostgreSQL", async () => {
  const server = await startServer();
  const restart = async (): Promise<void> => {
    await server.kill();
    await server.start();
  };
  return {
    subject: "soak of the chat on PostgreSQL",
    log: server.url,
    // A message takes some fifteen ways to the database and back, nobody acts while it restarts, and other tests run.
    actions: 50,
    read: () => Tables.inPostgres(server.url),
    faults: [[4, { name: "kills of the database", happen: restart }]],
  };
});
