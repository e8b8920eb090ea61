import { expect, test } from "vitest";
import { freshFile, storedTexts } from "./fresh-file.ts";
import { killUnderLoad } from "./killing.ts";
import { postJson } from "./post-json.ts";
import { buildServedHub } from "./program.ts";
import { startHub } from "./server-process.ts";

const KILLS = 20;

test(`a hub that is killed ${KILLS} times under load loses nothing that was acknowledged, repeats nothing and keeps the order`, async () => {
  const program = await buildServedHub();
  const path = freshFile();
  const report = await killUnderLoad(
    {
      start: () => startHub(program, { path }),
      post: (port, _, text, key) => postJson(port, "/publish", { text, key }),
      stored: () => storedTexts(path),
    },
    KILLS,
  );
  console.log(report);
  expect(report.retried).toBeGreaterThan(0);
}, 120_000);
