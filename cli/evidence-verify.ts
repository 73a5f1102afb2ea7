import { type NamedVerdict, verifyEvidenceDirectory } from "../shared/evidence/verify-directory.ts";
import { command, exitCodes } from "./command.ts";

/** `cordon evidence verify`: whether anything of a copy of the evidence was edited, removed or reordered (S5). Asks nobody: the objects are enough. */
export const evidenceVerify = command(
  {
    name: "evidence verify",
    summary: "Whether evidence was edited, removed or reordered, by a copy of its bucket alone",
    notes: `Make the copy with: aws s3 sync s3://<bucket> <directory>

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
      throw new Error(
        `${args.directory} can't be read as a copy of the evidence bucket: found ${(error as Error).message}, expected a folder "evidence" in it`,
      );
    });
    if (verdicts.length === 0)
      throw new Error(`there is no evidence in ${args.directory}: expected files below evidence/`);
    const isFine = verdicts.every(({ verdict }) => verdict.ok);
    process.stdout.write(
      args.json ? `${JSON.stringify({ ok: isFine, chains: verdicts }, null, 2)}\n` : verdicts.map(describe).join(""),
    );
    return isFine ? exitCodes.fine : exitCodes.wrong;
  },
);

function describe({ chain, entries, verdict }: NamedVerdict): string {
  if (!verdict.ok) return `BROKEN  ${chain}: ${verdict.key} is ${verdict.problem}: ${verdict.reason}\n`;
  const { sequence, hash } = verdict.head;
  return `holds   ${chain}: ${entries} entries, the last is number ${sequence}, ${hash}\n`;
}
