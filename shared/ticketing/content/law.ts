import type { LegalClock } from "../../policy/tickets.ts";
import type { Clocks } from "../clocks.ts";
import type { Block } from "./block.ts";

/** The heading of what the law asks for, of whatever ticket. */
export const LAW = "What the law asks";

/** The assessment, the time limits of laws with their ends, who confirmed awareness, and what to do. Pure. */
export function law(id: string, clocks: Clocks | undefined): readonly Block[] {
  if (clocks === undefined) return [];
  const { assessedSince, isClassUnknown, aware, laws } = clocks;
  return [
    {
      heading: LAW,
      lines: [
        `To be assessed since ${assessedSince}: has personal data crossed, and whose?`,
        ...(isClassUnknown ? ["Nobody can tell the data's class: it may be personal."] : []),
        ...(aware === undefined
          ? [
              `Once you know that it is a breach, say so, and the time of the law begins: cordon aware ${id} --reason "..."`,
              ...laws.map(({ clock }) => `${shownCitation(clock)}: ${shownHours(clock)} from then`),
            ]
          : [
              `Aware since ${aware.at}.`,
              ...laws.map(({ clock, endsAt }) => `${shownCitation(clock)}: ${shownHours(clock)} end ${endsAt}`),
            ]),
      ],
    },
    {
      heading: LAW,
      tells: ["principals"],
      lines: aware === undefined ? [] : [`Confirmed by ${aware.by} (${aware.how}): ${aware.reason}`],
    },
    { heading: LAW, tells: ["reasons"], lines: laws.flatMap(playbookLines) },
  ];
}

/** Pure. */
export function shownCitation({ citation: { framework, reference } }: LegalClock): string {
  return `${framework} ${reference}`;
}

/** Pure. */
export function shownHours({ ms }: LegalClock): string {
  return `${ms / 3_600_000} h`;
}

function playbookLines({ clock }: Clocks["laws"][number]): readonly string[] {
  const [first = "", ...more] = (clock.playbook ?? "").split("\n").map((line) => line.trim());
  return first === ""
    ? []
    : [
        `Playbook (${shownCitation(clock)}): ${first}`,
        ...more.filter((line) => line !== "").map((line) => `  ${line}`),
      ];
}
