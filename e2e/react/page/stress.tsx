// Mounts and unmounts rooms as fast as React can, in StrictMode.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Room } from "./room.tsx";
import { client, TidingsProvider } from "./tidings.ts";

const ROOMS = ["lobby", "garden", "kitchen"];

/** Shows each room whose number is in the set. */
function show(numbers: ReadonlySet<number>): void {
  const shown = ROOMS.filter((_, index) => numbers.has(index));
  root.render(
    <StrictMode>
      <TidingsProvider client={client}>
        {shown.map((roomId) => (
          <Room key={roomId} roomId={roomId} />
        ))}
      </TidingsProvider>
    </StrictMode>,
  );
}

/** Another set of rooms in each of some frames; in the end all of them. */
async function flip(frames: number): Promise<void> {
  for (let frame = 0; frame < frames; frame++) {
    // The three lowest bits count through all sets.
    show(new Set([0, 1, 2].filter((bit) => (frame >> bit) & 1)));
    await new Promise(requestAnimationFrame);
  }
  show(new Set([0, 1, 2]));
}

declare global {
  var stress: { readonly flip: typeof flip; readonly hide: () => void };
}

const container = document.body.appendChild(document.createElement("div"));
const root = createRoot(container);
globalThis.stress = { flip, hide: () => show(new Set()) };
