/** The people in the pictures. */
export const people = ["Ada", "Grace", "Linus", "Margaret", "Bartholomew Featherstonehaugh-Marchbanks", "Zoë"] as const;

export const rooms = [
  { name: "Release 2.0", topic: "What is left before Thursday" },
  { name: "Design", topic: "Pictures before words" },
  { name: "Incidents and everything that follows from them", topic: "" },
  { name: "Garden", topic: "Tomatoes" },
] as const;

/** What they say. Only the last lines are visible in the pictures. */
export const dialogue: readonly (readonly [(typeof people)[number], string])[] = [
  ["Margaret", "The new build is green on all machines."],
  ["Linus", "Even on the old one under my desk?"],
  ["Margaret", "Even there."],
  ["Zoë", "I pulled the cable twice while it was running. Nothing was lost."],
  ["Grace", "That is the point."],
  ["Ada", "Here is the plan again: https://example.com/plans/release-2?view=all#thursday"],
  [
    "Bartholomew Featherstonehaugh-Marchbanks",
    "I have read all of it, including the appendix, and I have only one remark. The word " +
      "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft in section four does not fit " +
      "on my telephone.",
  ],
  ["Linus", "It does now."],
  ["Linus", "We break it where it has to break."],
  ["Grace", "@Zoë can you try the reconnect once more, from the train?"],
  ["Zoë", "On it. Leaving the station in five minutes."],
  ["Zoë", "First tunnel: offline, two messages waiting."],
  ["Zoë", "And they are out. In order, once each."],
  ["Ada", "Wonderful, thank you @Zoë."],
  ["Margaret", "@Ada, shall I tell everybody that we ship on Thursday?"],
  ["Ada", "Yes, please."],
  ["Margaret", "Done. See you in there at four, then."],
  ["Linus", "I will restart the server in the middle of it, if nobody minds."],
  ["Linus", "Nobody will notice."],
];
