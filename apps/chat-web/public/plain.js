const list = document.getElementById("messages");
const state = document.getElementById("state");
const source = new EventSource("/events?channel=rooms/lobby&last=20");

function show(author, text) {
  list.appendChild(document.createElement("li")).textContent = `${author}: ${text}`;
}

source.addEventListener("rooms/lobby:message", (event) => {
  const { author, text, answer } = JSON.parse(event.data);
  // An answer of the assistant has its text when it has ended.
  if (answer === null) show(author, text);
});
source.addEventListener("rooms/lobby:answered", (event) => show("Tea", JSON.parse(event.data).text));
source.addEventListener("open", () => (state.textContent = "Live"));
source.addEventListener("error", () => {
  // In the closed state the browser does not reconnect: the server has refused the stream.
  const isRefused = source.readyState === EventSource.CLOSED;
  state.textContent = isRefused ? "Please sign in to the chat first, then reload this page." : "Reconnecting…";
});
