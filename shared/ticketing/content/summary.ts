import type { FindingRecord } from "../../journal/journal.ts";
import { shownArn } from "../../shown.ts";
import type { Clocks } from "../clocks.ts";
import type { Block } from "./block.ts";
import { shownCitation, shownHours } from "./law.ts";
import { ownerBlock } from "./owner.ts";

const HEADING = "Summary";

/** What somebody paged at night has to know first: what, where, whether it is stopped, what to do, and which clock runs. Pure. */
export function summary(
  finding: FindingRecord,
  clocks: Clocks | undefined,
  owner: string | undefined,
): readonly Block[] {
  const { title, controlTitle, resource, classification } = finding;
  const { account, region } = resource;
  const about = classification === "" ? "" : `, class ${classification}`;
  const { isStopped, todo } = standing(finding);
  const isByHand = finding.facts.kind === "condition" && !finding.facts.holds && finding.status !== "resolved";
  return [
    {
      heading: HEADING,
      tells: ["resource"],
      lines: [`What: ${title}`],
      instead: [`What: not as it has to be: ${controlTitle}`],
    },
    {
      heading: HEADING,
      tells: ["resource"],
      lines: [`Where: ${shownArn(resource)}, account ${account}, ${region}${about}`],
      instead: [`Where: account ${account}, ${region}`],
    },
    {
      heading: HEADING,
      lines: [
        `${canBeStopped(finding) ? "Stopped" : "Put right"}: ${isStopped}`,
        `You: ${isByHand ? "put it right, as What to do below tells." : todo}`,
      ],
    },
    { heading: HEADING, lines: clocks === undefined ? [] : [clockLine(finding.id, clocks)] },
    ownerBlock(HEADING, owner),
  ];
}

/** Nothing is done yet, whatever Cordon may do here. Pure. */
export function isWarning({ status, decision }: FindingRecord): boolean {
  return status === "observed" && decision.explanation.verdict === "announced";
}

/** It had been stopped already when Cordon came to it: what is reported of a key that was off is kept as contained. Pure. */
export function wasStoppedBefore({ status, run, facts }: FindingRecord): boolean {
  return status === "contained" && run === undefined && facts.kind !== "transfer";
}

function canBeStopped({ facts }: FindingRecord): boolean {
  return facts.kind !== "condition" && facts.kind !== "object";
}

function standing(finding: FindingRecord): { readonly isStopped: string; readonly todo: string } {
  const { id, status, exception, pending, timings } = finding;
  switch (status) {
    case "contained":
      return {
        isStopped: wasStoppedBefore(finding)
          ? "yes, before Cordon came to it"
          : `yes, and verified${timings.containedAt === undefined ? "" : ` (${timings.containedAt})`}`,
        todo: "nothing at once. It stays so until somebody undoes it: find out who needs it (see below).",
      };
    case "observed":
      return isWarning(finding)
        ? { isStopped: "not yet: this says what will be", todo: "nothing today. See to it before Cordon does." }
        : {
            isStopped: "no: this control only observes here",
            todo: "put it right, or ask for an exception (see below).",
          };
    case "awaiting-approval":
      return {
        isStopped: "no: a person has to decide",
        todo:
          pending === undefined
            ? "put it right by hand, or ask for an exception: there is no plan to approve (see below)."
            : `decide until ${pending.expiresAt}: cordon approve ${id} or cordon reject ${id}, each with --reason "..."`,
      };
    case "exempt":
      return {
        isStopped: `no: an exception lets it be${exception === undefined ? "" : ` until ${exception.expiresAt}`}`,
        todo: "nothing until it ends.",
      };
    case "resolved":
      return { isStopped: "yes: the violation is gone", todo: "nothing." };
    case "waiting":
      return {
        isStopped: "not yet: it is to be, and something holds it (see below)",
        todo: "nothing: Cordon goes on by itself.",
      };
    case "inconclusive":
      return { isStopped: "not certain yet: Cordon looks again", todo: "nothing yet." };
    case "containing":
      return { isStopped: "at this moment", todo: STUCK };
    case "rolling-back":
      return { isStopped: "it is being put back as it was, on a person's word", todo: STUCK };
  }
}

const STUCK = "nothing. Should this text stay for ten minutes, look at the function's log and its dead-letter queue.";

function clockLine(id: string, { assessedSince, aware, laws }: Clocks): string {
  const told = laws.map(({ clock, endsAt }) =>
    endsAt === undefined
      ? `${shownCitation(clock)}: ${shownHours(clock)}`
      : `${shownCitation(clock)}: ${shownHours(clock)} end ${endsAt}`,
  );
  if (aware !== undefined) return `Clock: aware since ${aware.at}. ${told.join("; ") || "Policy names no time limit."}`;
  const laws_ = told.length === 0 ? "" : ` (${told.join("; ")} from when you are aware)`;
  return `Clock: to be assessed since ${assessedSince} whether it is a breach${laws_}. If it is: cordon aware ${id} --reason "..."`;
}
