/**
 * `npm run generate`: rewrites what follows from the folders of controls/: the catalogue, the registry and its page, and the templates for member accounts,
 * which are plain CloudFormation for StackSets. EventBridge patterns and IAM statements of the main stack need no file: deploy/ derives them from the same
 * metadata when serverless.yml is read. `--check` writes nothing and fails when a file is stale.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ControlMeta } from "../shared/control.ts";
import { policyJsonSchema } from "../shared/policy/language/json-schema.ts";
import { policyReference } from "./policy-reference.ts";

const root = new URL("../", import.meta.url);
const HEAD =
  "// Written by `npm run generate` from the folders of controls/. Don't edit: a test fails when it is stale.\n";
/** Of biome.json. */
const LINE_WIDTH = 120;

type Files = readonly (readonly [file: string, content: string])[];

/** Every generated file with the content it has to have. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const metas = await readMetas();
  return new Map([...catalogueFiles(metas), ...(await policyFiles(metas)), ...(await templateFiles(metas))]);
}

async function readMetas(): Promise<readonly ControlMeta[]> {
  const ids = readdirSync(new URL("controls/", root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  return Promise.all(ids.map(async (id) => metaOf(id)));
}

function catalogueFiles(metas: readonly ControlMeta[]): Files {
  const ids = metas.map(({ id }) => id);
  return [
    ["controls/catalogue.ts", catalogue(ids)],
    ["controls/registry.ts", registry(ids)],
    ["docs/controls.md", page(metas)],
  ];
}

/** The policy's language for editors, and for people. */
async function policyFiles(metas: readonly ControlMeta[]): Promise<Files> {
  // As deploy/, the command line imports the registry.
  const { casesJsonSchema } = await import("../cli/policy-cases.ts");
  const schema = policyJsonSchema(metas);
  return [
    ["docs/policy.schema.json", `${JSON.stringify(schema, null, 2)}\n`],
    ["docs/policy-cases.schema.json", `${JSON.stringify(casesJsonSchema(), null, 2)}\n`],
    ["docs/policy-reference.md", policyReference(schema)],
  ];
}

/** deploy/ imports the catalogue, which may still name a control that is gone: it is not loaded before that is written. */
async function templateFiles(metas: readonly ControlMeta[]): Promise<Files> {
  const { forwarder } = await import("../deploy/forwarder.ts");
  const { memberRole } = await import("../deploy/member-role.ts");
  const { writeTemplate } = await import("../deploy/template-yaml.ts");
  return [
    ["deploy/forwarder.yml", writeTemplate(forwarder(metas))],
    ["deploy/member-role.yml", writeTemplate(memberRole(metas))],
  ];
}

async function metaOf(id: string): Promise<ControlMeta> {
  const { meta }: { meta: ControlMeta } = await import(new URL(`controls/${id}/meta.ts`, root).href);
  if (meta.id !== id) throw new Error(`controls/${id}/meta.ts has the id "${meta.id}"; expected the folder's name`);
  return meta;
}

function catalogue(ids: readonly string[]): string {
  return `${HEAD}${ids.map((id) => `import { meta as ${variable(id)} } from "./${id}/meta.ts";`).join("\n")}

/** The metadata of every control; imports no control's code and no SDK. */
${constant("catalogue", ids)}
`;
}

/** As the formatter writes it: on one line, if that is not too long. */
function constant(name: string, ids: readonly string[]): string {
  const names = ids.map(variable);
  const line = `export const ${name} = [${names.join(", ")}] as const;`;
  if (line.length <= LINE_WIDTH) return line;
  return [`export const ${name} = [`, ...names.map((each) => `  ${each},`), "] as const;"].join("\n");
}

function registry(ids: readonly string[]): string {
  return `${HEAD}${ids.map((id) => `import { control as ${variable(id)} } from "./${id}/control.ts";`).join("\n")}

/** Every control with its code. */
${constant("controls", ids)}
`;
}

function page(metas: readonly ControlMeta[]): string {
  const sections = metas.map((meta) => {
    const calls = Object.entries(meta.cloudTrail).flatMap(([source, names]) =>
      names.map((name) => `${name} (${source})`),
    );
    const rows: readonly (readonly [string, string])[] = [
      ["severity", meta.severity],
      ["resource", meta.resourceType],
      [
        "hears",
        [
          ...calls,
          ...(meta.notices ?? []).flatMap(({ source, types }) => types.map((type) => `"${type}" (${source})`)),
          ...meta.configTypes.map((type) => `AWS Config items of ${type}`),
        ].join(", "),
      ],
      ["reads with", meta.iam.read.join(", ")],
      [
        "writes with",
        [...meta.iam.write, ...meta.iam.passRoleTo.map((service) => `iam:PassRole to ${service}`)].join(", "),
      ],
      ["reversible", meta.reversible],
      ["mode unless policy says otherwise", meta.defaultMode],
      ...Object.entries(meta.parameters ?? {}).map(
        ([name, { description }]) => [`parameter \`${name}\``, description] as const,
      ),
      ["serves", meta.frameworks.map(({ framework, reference }) => `${framework} ${reference}`).join("; ")],
    ];
    const table = rows.map(([name, value]) => `| ${name} | ${value} |`).join("\n");
    return `## ${meta.id}\n\n${meta.title}. ${meta.why}\n\n| | |\n|---|---|\n${table}\n`;
  });
  return `# Controls\n\nWritten by \`npm run generate\` from each control's \`meta.ts\`.\n\n${sections.join("\n")}`;
}

/** `s3-replication-stays-in-jurisdiction` -> `s3ReplicationStaysInJurisdiction` */
function variable(id: string): string {
  return id.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  const metas = await readMetas();
  settle(catalogueFiles(metas), values.check);
  settle(await policyFiles(metas), values.check);
  settle(await templateFiles(metas), values.check);
}

/** Writes what is stale, or only says so. */
function settle(files: Files, isCheck: boolean): void {
  for (const [file, content] of files) {
    const url = new URL(file, root);
    const isFresh = isSame(url, content);
    if (!isFresh && !isCheck) writeFileSync(url, content);
    if (!isFresh && isCheck) process.exitCode = 1;
    process.stdout.write(
      `${file}  ${isFresh ? "is up to date" : isCheck ? 'is stale: run "npm run generate"' : "written"}\n`,
    );
  }
}

function isSame(file: URL, content: string): boolean {
  try {
    return readFileSync(file, "utf8") === content;
  } catch {
    return false;
  }
}

if (import.meta.main) await main();
