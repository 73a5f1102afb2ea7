import type { FindingRecord } from "../../journal/journal.ts";
import { shownArn } from "../../shown.ts";
import type { Block } from "./block.ts";

/** By what it is known, since when, and where there is more. Pure. */
export function facts({
  id,
  occurrence,
  severity,
  resource,
  classification,
  parent,
  firstSeenAt,
  lastSeenAt,
  timings,
  evidence,
}: FindingRecord): readonly Block[] {
  const heading = "Facts";
  const { account, region } = resource;
  const about = classification === "" ? "" : `, class ${classification}`;
  return [
    { heading, lines: [`finding ${id}, occurrence ${occurrence}, severity ${severity}`] },
    {
      heading,
      tells: ["resource"],
      lines: [`resource ${shownArn(resource)}, account ${account}, ${region}${about}`],
      instead: [`account ${account}, ${region}`],
    },
    {
      heading,
      lines: [
        ...(parent === undefined ? [] : [`a part of the storm ${parent}: one cause, many resources`]),
        `first seen ${firstSeenAt}, last ${lastSeenAt}`,
        ...Object.entries(timings).map(([name, at]) => `${name.replace("At", "")} ${at}`),
        `evidence: ${evidence.join(", ")}`,
        `the facts and all that was considered: cordon explain ${id}`,
      ],
    },
  ];
}
