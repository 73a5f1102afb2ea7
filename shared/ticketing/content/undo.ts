import type { FindingRecord } from "../../journal/journal.ts";
import { OWN_MATTERS } from "../../policy/tickets.ts";
import type { Block } from "./block.ts";

/** How to undo it, and how to ask for an exception. Pure. */
export function undo(finding: FindingRecord, maxDays: number | undefined): readonly Block[] {
  return [...undoing(finding), ...exception(finding, maxDays)];
}

function undoing({ id, status, reversible, facts }: FindingRecord): readonly Block[] {
  const heading = "How to undo it";
  if (status !== "contained") return [];
  const how: Block = { heading, tells: ["changes"], lines: [reversible] };
  // An inactive key has been deleted.
  if (facts.kind === "access-key" && facts.status === "Inactive") return [how];
  return [
    {
      heading,
      lines: [
        `cordon rollback ${id} --reason "..."`,
        "It is signed by whoever asks, and never done for whoever caused it.",
        "It restores exactly what was there, as long as nobody has changed it since, and grants an exception that expires.",
      ],
    },
    how,
  ];
}

/** What there is to let something be: by a person's word for a time, and by an entry in the policy for longer. */
function exception(
  { id, status, controlId, resource, pending, exception: granted }: FindingRecord,
  maxDays: number | undefined,
): readonly Block[] {
  const heading = "How to ask for an exception";
  if (status === "resolved" || OWN_MATTERS.includes(controlId)) return [];
  const named = `the resource, as cordon explain ${id} shows it`;
  const longest = maxDays === undefined ? "" : ` at most ${maxDays} days after it was granted,`;
  return [
    {
      heading,
      lines: [
        ...(pending === undefined ? [] : [`For a time: cordon reject ${id} --hours <how many> --reason "..."`]),
        ...(status === "contained"
          ? [`For a time: cordon rollback ${id} --reason "...", which puts it back as well`]
          : []),
        ...(status === "exempt" && granted !== undefined
          ? [`For longer: cordon extend ${id} --hours <from now> --reason "..."`]
          : []),
        `In the policy, reviewed as any change of it: an entry of exceptions with control ${controlId}, reason, approver and ticket; it ends,${longest} and is bound to what it names:`,
      ],
    },
    {
      heading,
      tells: ["resource"],
      // An object's key can name a person.
      lines: [resource.type === "AWS::S3::Object" ? named : `resources: ["${resource.arn}"]`],
      instead: [named],
    },
  ];
}
