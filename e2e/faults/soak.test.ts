import { temporaryPath } from "../temporary-folder.ts";
import { Tables } from "./soak/tables.ts";
import { testSoak } from "./soak/test-soak.ts";

testSoak("a file", async () => {
  const path = await temporaryPath("chat.db");
  return {
    subject: "soak of the chat",
    log: `sqlite:${path}`,
    actions: 200,
    read: () => Tables.inFile(path),
    faults: [],
  };
});
