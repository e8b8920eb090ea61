import { createClient } from "@tidings/client";
import { createHooks } from "@tidings/react";
import { chat } from "./contract.ts";

export const { TidingsProvider, useChannelState, useLatest, useStatus } = createHooks(chat);
// It connects when a component follows an address: on a server, never.
export const client = createClient(chat, { url: "/events" });
