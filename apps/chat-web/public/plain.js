const list = document.getElementById("messages");
const state = document.getElementById("state");
const source = new EventSource("/events?channel=rooms/lobby&last=20");

source.addEventListener("rooms/lobby:message", (event) => {
  const { author, text } = JSON.parse(event.data);
  list.appendChild(document.createElement("li")).textContent = `${author}: ${text}`;
});
source.addEventListener("open", () => (state.textContent = "Live"));
source.addEventListener("error", () => {
  // In the closed state the browser does not reconnect: the server has refused the stream.
  const isRefused = source.readyState === EventSource.CLOSED;
  state.textContent = isRefused ? "Please sign in to the chat first, then reload this page." : "Reconnecting…";
});
