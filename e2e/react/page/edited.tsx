// What a development server does when the file of a component has been saved: React takes the next version of the
// component, and it keeps its state.
import * as refresh from "react-refresh/runtime";

refresh.injectIntoGlobalHook(globalThis as unknown as Window);
// React looks for that when it is loaded.
const { createElement } = await import("react");
const { createRoot } = await import("react-dom/client");
const { Room } = await import("./room.tsx");
const { client, TidingsProvider } = await import("./tidings.ts");

/** Another version of the component that shows the lobby. */
function createVersion() {
  return function Lobby() {
    return Room({ roomId: "lobby" });
  };
}

function edit(): void {
  refresh.register(createVersion(), "Lobby");
  refresh.performReactRefresh();
}

declare global {
  var edit: () => void;
}

const Lobby = createVersion();
refresh.register(Lobby, "Lobby");
const container = document.body.appendChild(document.createElement("div"));
createRoot(container).render(<TidingsProvider client={client}>{createElement(Lobby)}</TidingsProvider>);
globalThis.edit = edit;
