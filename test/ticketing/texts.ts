import type { Ticket } from "../../shared/ticketing/ticket.ts";
import type { Change } from "../../shared/ticketing/tracker.ts";
import { someTicket } from "./some-ticket.ts";

/** The tickets whose texts are kept as readable files, one an adapter and a case. */
export const TEXT_CASES: readonly { readonly title: string; readonly ticket: Ticket; readonly change?: Change }[] = [
  { title: "contained", ticket: someTicket() },
  {
    title: "waiting",
    ticket: someTicket({
      title: "[NEEDS A DECISION] Bucket customer-records sends personal data to us-east-1",
      state: "open",
      isWaiting: true,
      sections: [
        { heading: "What happened", lines: ["Rule to-us sends data to us-east-1"] },
        {
          heading: "Why it matters",
          lines: ["A replication rule copies every new object.", "- us-east-1 is outside eu"],
        },
        { heading: "What was done", lines: ["Nothing: a person has to decide."] },
        { heading: "How to decide", lines: ['cordon approve f-0123456789abcdef0123 --reason "..."'] },
      ],
    }),
  },
  {
    title: "resolved",
    ticket: someTicket({
      title: "[RESOLVED] Bucket customer-records sends personal data to us-east-1",
      state: "resolved",
      version: 4,
    }),
    change: {
      kind: "resolve",
      note: "The violation is gone: read again at 2026-11-27T09:00:00.000Z, no rule leads out of eu.",
    },
  },
];
