import type { Emoji } from "@tidings-apps/chat-contract";

/** The scripted people of the demo. */
export type Member = "Grace" | "Linus" | "Margaret";

/** What one of them says, and how the others react to it. */
export interface Line {
  readonly author: Member;
  readonly text: string;
  readonly reactions?: readonly (readonly [Member, Emoji])[];
}

/** A conversation in one room. */
export interface Scene {
  readonly room: string;
  readonly topic: string;
  readonly lines: readonly Line[];
}

export const SCENES: readonly Scene[] = [
  {
    room: "Lobby",
    topic: "Say hello. Nothing gets lost here.",
    lines: [
      { author: "Grace", text: "Good morning, everybody!" },
      { author: "Linus", text: "Morning, @Grace. Did the night's deploy go well?" },
      {
        author: "Grace",
        text: "Three restarts, and nobody noticed. Each page went on from its own cursor.",
        reactions: [
          ["Linus", "🎉"],
          ["Margaret", "🎉"],
        ],
      },
      {
        author: "Margaret",
        text:
          "Try it:\n1. switch your network off\n2. wait until we have said something\n3. switch it on again\n\n" +
          "Or **stop the server** and start it again with `npm run demo`.",
      },
      { author: "Linus", text: "Everything you missed is there, once and in order. @Margaret showed me on a train." },
      { author: "Margaret", text: "There were many tunnels.", reactions: [["Linus", "😂"]] },
      { author: "Grace", text: "@tea what happens to your answer if I reload the page now?" },
    ],
  },
  {
    room: "Tea room",
    topic: "Darjeeling or Assam?",
    lines: [
      { author: "Margaret", text: "The kettle is on. Who is in?" },
      { author: "Grace", text: "Me, please. Without sugar." },
      { author: "Linus", text: "Coffee, if that is allowed to be said in here…", reactions: [["Margaret", "😮"]] },
      { author: "Margaret", text: "It is a *tea* room, @Linus." },
    ],
  },
];
