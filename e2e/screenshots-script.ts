import type { Emoji } from "@tidings-apps/chat-contract";

/** The people in the pictures. */
export const people = ["Ada", "Grace", "Linus", "Margaret", "Bartholomew Featherstonehaugh-Marchbanks", "Zoë"] as const;

export const rooms = [
  { name: "Release 2.0", topic: "What is left before Thursday" },
  { name: "Design", topic: "Pictures before words" },
  { name: "Incidents and everything that follows from them", topic: "" },
  { name: "Garden", topic: "Tomatoes" },
] as const;

type PersonName = (typeof people)[number];

/** A message, and what happens to it. */
interface Line {
  readonly author: PersonName;
  readonly text: string;
  /** The text after a change. */
  readonly edited?: string;
  readonly reactions?: readonly (readonly [PersonName, Emoji])[];
}

/** What they say. Only the last lines are visible in the pictures. */
export const dialogue: readonly Line[] = [
  { author: "Margaret", text: "The new build is green on all machines." },
  { author: "Linus", text: "Even on the old one under my desk?" },
  { author: "Margaret", text: "Even there." },
  { author: "Zoë", text: "I pulled the cable twice while it was running. Nothing was lost." },
  { author: "Grace", text: "That is the point." },
  { author: "Ada", text: "Here is the plan again: https://example.com/plans/release-2?view=all#thursday" },
  {
    author: "Bartholomew Featherstonehaugh-Marchbanks",
    text:
      "I have read all of it, including the appendix, and I have only one remark. The word " +
      "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft in section four does not fit " +
      "on my telephone.",
  },
  { author: "Linus", text: "It does now." },
  { author: "Linus", text: "We break it where it has to break." },
  { author: "Grace", text: "@Zoë can you try the reconnect once more, from the train?" },
  { author: "Zoë", text: "On it. Leaving the station in five minutes." },
  { author: "Zoë", text: "First tunnel: offline, two messages waiting." },
  { author: "Zoë", text: "And they are out. In order, once each." },
  {
    author: "Ada",
    text: "Wonderful, thank you @Zoë.",
    reactions: [
      ["Zoë", "❤️"],
      ["Grace", "❤️"],
      ["Linus", "😂"],
    ],
  },
  { author: "Margaret", text: "@Ada, shall I tell everybody that we ship on Thursday?" },
  { author: "Ada", text: "Yes, please." },
  {
    author: "Margaret",
    text: "Done. Before four:\n- run `npm run screenshots`\n- read the **changelog**",
  },
  { author: "Linus", text: "I will restart the server in the middle of it, if nobody minds." },
  {
    author: "Linus",
    text: "Nobdy will notice.",
    edited: "Nobody will notice.",
    reactions: [
      ["Ada", "😂"],
      ["Margaret", "❤️"],
    ],
  },
];

/** The words of an answer that Ada stops. */
export const stoppedAnswer = ["A ", "cup ", "of ", "tea ", "that ", "gets ", "cold"];

/** The words of an answer that goes on. */
export const longAnswer = (
  "“what do you know?” A little about three things:\n- **Tidings**: who was away goes on from their own cursor\n" +
  "- this chat: write @ and a name to mention somebody\n- tea: boiling water and four minutes for black tea. And so on"
).split(/(?<=\s)/u);
