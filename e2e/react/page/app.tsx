import { StrictMode, useState } from "react";
import { Room, type Rendered } from "./room.tsx";
import { client, TidingsProvider, useStatus } from "./tidings.ts";

const rooms = ["lobby", "garden", "kitchen", "secret"];

export function App({ rendered }: { readonly rendered?: Rendered | undefined }) {
  const [roomId, open] = useState("lobby");
  return (
    <StrictMode>
      <TidingsProvider client={client}>
        <Banner />
        {rooms.map((each) => (
          <button key={each} onClick={() => open(each)}>
            {each}
          </button>
        ))}
        <Room roomId={roomId} rendered={roomId === "lobby" ? rendered : undefined} />
      </TidingsProvider>
    </StrictMode>
  );
}

function Banner() {
  const status = useStatus();
  return status.state === "retrying" ? <p role="status">Reconnecting…</p> : null;
}
