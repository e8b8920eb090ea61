import type { Client } from "@tidings/client";
import type { Contract } from "@tidings/contract";

/** Calls `ask` when the server has had another contract than this page for a minute. Returns what ends that. */
export function askToReload(client: Client<Contract>, ask: () => void, patience = 60_000): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const update = () => {
    clearTimeout(timer);
    if (client.contract.value.state === "other") timer = setTimeout(ask, patience);
  };
  const leave = client.contract.subscribe(update);
  update();
  return () => {
    clearTimeout(timer);
    leave();
  };
}
