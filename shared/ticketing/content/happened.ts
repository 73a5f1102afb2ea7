import { foundInWords } from "../../classification/rule-parts.ts";
import type { FindingRecord } from "../../journal/journal.ts";
import type { AccessKeyFacts } from "../../types.ts";
import type { Block } from "./block.ts";
import { shortened } from "./words.ts";

/** What happened, by whom, why that is wrong, and what was looked at. Pure. */
export function happened(finding: FindingRecord): readonly Block[] {
  const { title, why, decision, citations, facts } = finding;
  const required = citations.map(({ framework, reference }) => `${framework} ${reference}`);
  return [
    { heading: "What happened", tells: ["resource"], lines: [title] },
    { heading: "What happened", tells: ["principals"], lines: causeOf(finding) },
    { heading: "Why it matters", lines: [why] },
    {
      heading: "Why it matters",
      tells: ["reasons"],
      lines: [
        ...decision.reasons.map((reason) => `- ${reason}`),
        `Decided by ${decision.rule}, policy ${decision.policyDigest.slice(0, 12)}.`,
      ],
    },
    { heading: "Why it matters", lines: required.length === 0 ? [] : [`Required by ${required.join("; ")}.`] },
    ...lookedAt(facts),
  ];
}

function causeOf({ principal, signal, sayings = [] }: FindingRecord): readonly string[] {
  const said = sayings.findLast(({ action, outcome }) => outcome === "done" && action !== "aware");
  if (signal.source === "decision") return [`Decided by ${said?.by ?? principal?.arn ?? "unknown"}.`];
  if (signal.source === "schedule") return ["Found by a scheduled look; no event has named anybody."];
  const who =
    principal?.arn ??
    principal?.invokedBy ??
    (principal === undefined ? "somebody the event does not name" : principal.type);
  const agent = principal?.agent?.replace(/[[\]]/g, "");
  const how = agent === undefined ? "" : `, with ${shortened(agent, 80)}`;
  return [`Seen by ${signal.name} (${signal.source}) of ${who}${how}.`];
}

/** Of an object: counts, and no value. Of a key: who has to see to it, and what would stop. */
function lookedAt(facts: FindingRecord["facts"]): readonly Block[] {
  const heading = "What was looked at";
  if (facts.kind === "object")
    return [
      {
        heading,
        tells: ["resource"],
        lines: [facts.read, ...facts.found.map((each) => `found ${foundInWords(each)}`)],
      },
    ];
  if (facts.kind !== "access-key") return [];
  const { owner, reported } = facts;
  return [
    { heading, tells: ["resource"], lines: keyInWords(facts) },
    { heading, tells: ["principals"], lines: owner === undefined ? [] : [`owner by the user's tags: ${owner}`] },
    {
      heading,
      tells: ["resource"],
      lines:
        reported === undefined
          ? []
          : [`reported by ${reported.by} at ${reported.at}: ${reported.type} (${reported.id})`],
    },
  ];
}

function keyInWords({ key, status, createdAt, lastUsed, other }: AccessKeyFacts): readonly string[] {
  const used =
    lastUsed === "never"
      ? "never used"
      : "unreadable" in lastUsed
        ? `when it was used last can't be read: ${lastUsed.unreadable}`
        : `used last at ${lastUsed.at}, for ${lastUsed.service} in ${lastUsed.region}`;
  return [
    `key ${key}, ${status.toLowerCase()}, created ${createdAt}, ${used}`,
    ...(other === undefined
      ? []
      : [`the user's other key: ${other.key}, ${other.status.toLowerCase()}, created ${other.createdAt}`]),
  ];
}
