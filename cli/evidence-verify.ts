import { type NamedVerdict, verifyEvidenceDirectory } from "../shared/evidence/verify-directory.ts";
import { command, exitCodes } from "./command.ts";

/** What nobody should take from a chain that holds. */
const CUT_OFF =
  "A cut-off end can't be told from objects alone: compare the last number and hash of each chain with its head in the table (CHAIN#<chain>, HEAD).";

/** `cordon evidence verify`: whether anything of a copy of the evidence was edited, removed or reordered (S5). Asks nobody: the objects are enough. */
export const evidenceVerify = command(
  {
    name: "evidence verify",
    summary: "Whether evidence was edited, removed or reordered, by a copy of its bucket alone",
    notes: `Make the copy with: aws s3 sync s3://<bucket> <directory>
Links in it are refused, not followed.

That the end of a chain was cut off can't be told from objects alone. Compare number and hash of its last entry, which are printed, with the table's
head: aws dynamodb get-item --table-name <table> --key '{"pk":{"S":"CHAIN#<chain>"},"sk":{"S":"HEAD"}}'

Exit code: 0 every chain holds, 1 one does not, 2 it could not be run.`,
  },
  {
    directory: {
      type: "positional",
      description: "The copy; evidence/<account>/<region>/<control>/*.json lie in it",
      required: true,
    },
    json: { type: "boolean", description: "The same as JSON" },
  },
  async (args) => {
    const verdicts = await verifyEvidenceDirectory(args.directory).catch((error: unknown) => {
      throw new Error(`${args.directory} can't be read as a copy of the evidence bucket: ${(error as Error).message}`);
    });
    if (verdicts.length === 0)
      throw new Error(`there is no evidence in ${args.directory}: expected files below evidence/`);
    const isFine = verdicts.every(({ verdict }) => verdict.ok);
    const report = { ok: isFine, ...(isFine && { note: CUT_OFF }), chains: verdicts };
    const told = verdicts.map(describe).join("") + (isFine ? `\n${CUT_OFF}\n` : "");
    process.stdout.write(args.json ? `${JSON.stringify(report, null, 2)}\n` : told);
    return isFine ? exitCodes.fine : exitCodes.wrong;
  },
);

function describe({ chain, entries, verdict }: NamedVerdict): string {
  if (!verdict.ok) return `BROKEN  ${chain}: ${verdict.key} is ${verdict.problem}: ${verdict.reason}\n`;
  const { sequence, hash } = verdict.head;
  return `holds   ${chain}: ${entries} entries, the last is number ${sequence}, ${hash}\n`;
}
