import type { FindingRecord } from "../../journal/journal.ts";
import { holdLines, planLines, sayingLines, waysToDecide } from "../../lifecycle/tell-holds.ts";
import type { Block } from "./block.ts";
import { isWarning, wasStoppedBefore } from "./summary.ts";
import { PLAN_HEADING, shownValue } from "./words.ts";

/** What Cordon did. Pure. */
export function done(finding: FindingRecord): readonly Block[] {
  const heading = "What was done";
  const { status, exception } = finding;
  const diff: Block = {
    heading,
    tells: ["changes"],
    lines: finding.changes.flatMap(({ path, before, after }) => [
      path,
      `  - ${shownValue(before)}`,
      `  + ${shownValue(after)}`,
    ]),
    instead: ["  (left out)"],
  };
  const say = (...lines: readonly string[]): Block => ({ heading, lines });
  switch (status) {
    case "contained":
      if (wasStoppedBefore(finding)) return [say("Nothing: it had been stopped already.")];
      return [say("Stopped, and verified by reading it again:"), diff];
    case "observed":
      return [
        say(isWarning(finding) ? "Nothing yet: this tells what will be." : "Nothing: this control only observes here."),
      ];
    case "awaiting-approval":
      return [say("Nothing: a person has to decide."), ...deciders(heading, finding)];
    case "exempt":
      return [
        ...(diff.lines.length > 0 ? [say("Put back as it was, and verified by reading it again:"), diff] : []),
        exception === undefined
          ? say("An exception lets it be.")
          : {
              heading,
              tells: ["principals"],
              lines: [`It is let be until ${exception.expiresAt}: ${exception.reason} (${exception.approver}).`],
              instead: [`It is let be until ${exception.expiresAt}.`],
            },
      ];
    case "waiting":
      return [say("Not yet: see the notes.")];
    case "resolved":
      return [say("The violation is gone.")];
    case "inconclusive":
      return [say("Not certain yet; it is looked at again:"), diff];
    default:
      return [
        say(
          "It is being changed at this moment. Should this text stay, the change has not gone through: look at the function's log and its dead-letter queue.",
        ),
      ];
  }
}

/** What a person has to put right himself, what holds Cordon, what is planned, how to decide, and what was said. Pure. */
export function toDo(finding: FindingRecord): readonly Block[] {
  const { id, holds = [], pending, sayings = [], notes } = finding;
  return [
    { heading: "What to do", tells: ["resource", "reasons"], lines: remedyFor(finding) },
    { heading: "What holds it", tells: ["principals"], lines: holdLines(holds) },
    { heading: PLAN_HEADING, tells: ["changes"], lines: pending === undefined ? [] : planLines(pending) },
    { heading: "How to decide", lines: pending === undefined ? [] : waysToDecide(id) },
    { heading: "What was said", tells: ["principals"], lines: sayingLines(sayings) },
    { heading: "Notes", tells: ["reasons"], lines: notes.map((note) => `- ${note}`) },
  ];
}

/** Only of what a person has to put right: what Cordon changes, it says above. */
function remedyFor({ facts, status, decision }: FindingRecord): readonly string[] {
  // What stands in the way of an object's tag comes first, with what to do about it.
  if (facts.kind === "object" && decision.explanation.verdict === "for-a-person" && status !== "resolved")
    return decision.reasons.slice(0, 1);
  return facts.kind === "condition" && !facts.holds && status !== "resolved" ? [facts.remedy] : [];
}

function deciders(heading: string, { decision: { approval } }: FindingRecord): readonly Block[] {
  if (approval === undefined) return [];
  const within = `within ${approval.validMs / 3_600_000} hours.`;
  if (approval.by.length === 0)
    return [{ heading, lines: [`Who may decide: anybody who may call Cordon and has not caused it; ${within}`] }];
  return [{ heading, tells: ["principals"], lines: [`Who may decide: ${approval.by.join(", ")}; ${within}`] }];
}
