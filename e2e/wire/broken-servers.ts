import { brokenAnswers } from "./broken-answers.ts";
import { brokenRequests } from "./broken-requests.ts";
import type { BrokenServer } from "./broken-server.ts";
import { brokenStreams } from "./broken-streams.ts";

/** Every way of breaking the protocol that the suite is tried with. */
export const brokenServers: readonly BrokenServer[] = [...brokenRequests, ...brokenStreams, ...brokenAnswers];
