import type { Client, Status } from "@tidings/client";
import type { Contract } from "@tidings/contract";

/** What a banner says about a client. Null when there is nothing to say. */
export function bannerText(status: Status, now: number): string | null {
  switch (status.state) {
    case "idle":
      return status.ended?.reason === "forbidden" ? "You may not see this." : null;
    case "connecting":
      return null;
    case "live":
      return status.degraded ? "This page is too old to show everything. Please reload it." : null;
    case "retrying": {
      // What the server does as agreed, such as a restart, takes a second or two. Nobody has to read about it.
      if (now - status.since < 3_000) return null;
      return `Not up to date (${status.reason}). Trying again in ${secondsUntil(status.at, now)} s.`;
    }
    case "closed":
      return status.reason === "unauthenticated" ? "Please sign in again." : "Disconnected. Please reload the page.";
  }
}

/** Calls `show` with the text of the banner when it changes, and every second. Returns what ends that. */
export function followBanner(client: Client<Contract>, show: (text: string | null) => void): () => void {
  const update = () => show(bannerText(client.status.value, Date.now()));
  update();
  const leave = client.status.subscribe(update);
  const timer = setInterval(update, 1_000);
  return () => {
    leave();
    clearInterval(timer);
  };
}

function secondsUntil(at: number, now: number): number {
  return Math.max(0, Math.ceil((at - now) / 1_000));
}
