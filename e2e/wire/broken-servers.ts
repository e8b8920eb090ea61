import { brokenAnswers } from "./broken-answers.ts";
import { brokenRequests } from "./broken-requests.ts";
import type { BrokenServer } from "./broken-server.ts";
import { brokenStreams } from "./broken-streams.ts";

/** All servers on which the laws of the suite must fail. */
export const brokenServers: readonly BrokenServer[] = [...brokenRequests, ...brokenStreams, ...brokenAnswers];
