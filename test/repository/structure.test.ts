import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { generatedFiles } from "../../scripts/generate.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const SKIPPED = new Set([".stryker-tmp", "node_modules", "dist", ".git", ".serverless", "coverage"]);

function filesBelow(folder: string, ending = ""): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesBelow(path, ending);
    return path.endsWith(ending) ? [path] : [];
  });
}

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isTypeOnly: boolean;
}

/** What a file imports: project files by their path, packages by name. */
function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const found = text.matchAll(/^\s*(?:import|export)\s+(type\s)?[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/gm);
  return [...found].map(([, type, quoted, dynamic]) => {
    const name = quoted ?? dynamic ?? "";
    const to = name.startsWith(".") ? relative(root, normalize(join(root, dirname(file), name))) : name;
    return { from: file, to, isTypeOnly: type !== undefined };
  });
}

const product = ["functions", "controls", "shared"].flatMap((folder) => filesBelow(folder, ".ts"));
const imports = product.flatMap(importsOf);

describe("the direction of imports", () => {
  it("is read from the code", () => {
    expect(imports.length).toBeGreaterThan(150);
    expect(imports).toContainEqual({
      from: "shared/decisions/carry-out.ts",
      to: "shared/lifecycle/roll-back.ts",
      isTypeOnly: false,
    });
  });

  it.each<[string, RegExp, RegExp]>([
    [
      "nothing in shared/ imports functions, the sandbox, the demo or deployment",
      /^shared\//,
      /^(functions|sandbox|demo|deploy|cli|test)\//,
    ],
    ["shared/ knows no control", /^shared\//, /^controls\//],
    [
      "controls know no function and no part of the lifecycle",
      /^controls\//,
      /^(functions|sandbox|deploy|shared\/(pipeline|lifecycle|journal|runtime|ticketing|aws))/,
    ],
    [
      "policy is pure: it reaches neither journal port nor AWS",
      /^shared\/policy\//,
      /^shared\/(aws|resources|lifecycle|runtime|pipeline)/,
    ],
    [
      "the lifecycle does not reach back to the pipeline",
      /^shared\/(lifecycle|journal|policy|signals|classification|resources)\//,
      /^shared\/pipeline/,
    ],
    [
      "signals reach nothing of AWS",
      /^shared\/signals\//,
      /^shared\/(aws|resources|lifecycle|journal|runtime|pipeline|policy)/,
    ],
    [
      "the lifecycle reaches AWS through ports only",
      /^shared\/(lifecycle|pipeline)/,
      /^shared\/(aws|runtime)\/|-aws\.ts$|dynamodb/,
    ],
  ])("%s", (_, from, to) => {
    const wrong = imports.filter((each) => from.test(each.from) && to.test(each.to) && !each.isTypeOnly);
    expect(wrong).toEqual([]);
  });

  it("the AWS SDK is imported by adapters only; types of it may be named by ports", () => {
    const ADAPTERS = [
      /^shared\/aws\//,
      /^shared\/(resources|journal|evidence|outbox|ticketing)\/[a-z0-9-]+-aws\.ts$/,
      /^shared\/journal\/dynamodb-journal\.ts$/,
      /^shared\/runtime\/messages\.ts$/,
      /^shared\/ticketing\/adapters\/(sns|security-hub)\.ts$/,
    ];
    const wrong = imports.filter(
      ({ from, to, isTypeOnly }) =>
        /^@(aws-sdk|smithy)\//.test(to) && !isTypeOnly && !ADAPTERS.some((adapter) => adapter.test(from)),
    );
    expect(wrong).toEqual([]);
  });

  it("metadata imports nothing that runs", () => {
    const wrong = imports.filter(({ from, isTypeOnly }) => from.endsWith("/meta.ts") && !isTypeOnly);
    expect(wrong).toEqual([]);
  });

  it("what ships imports declared dependencies only, and each pinned exactly", () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const used = new Set(
      imports
        .filter(
          ({ isTypeOnly, to }) =>
            !isTypeOnly && !to.startsWith("node:") && !builtinModules.includes(to) && !/\.(ts|json)$/.test(to),
        )
        .map(({ to }) =>
          to
            .split("/")
            .slice(0, to.startsWith("@") ? 2 : 1)
            .join("/"),
        ),
    );
    for (const name of used) expect(Object.keys(dependencies)).toContain(name);
    for (const version of Object.values({ ...dependencies, ...devDependencies }))
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe("controls", () => {
  it("have their generated files up to date (npm run generate)", async () => {
    for (const [file, content] of await generatedFiles())
      expect(readFileSync(join(root, file), "utf8"), file).toBe(content);
  });

  it.each(catalogue.map((meta) => [meta.id, meta] as const))(
    "%s is named for the state it wants and says all that is asked",
    (id, meta) => {
      expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+){2,}$/);
      expect(readdirSync(join(root, "controls", id))).toEqual(
        expect.arrayContaining(["cases", "control.ts", "meta.ts"]),
      );
      expect(meta.frameworks.length).toBeGreaterThan(0);
      expect(meta.iam.read.length).toBeGreaterThan(0);
      for (const action of [...meta.iam.read, ...meta.iam.write]) expect(action).toMatch(/^[a-z0-9-]+:[A-Za-z]+$/);
      expect(readdirSync(join(root, "events", id)).length).toBeGreaterThan(0);
    },
  );
});

describe("the repository", () => {
  it("names no package registry and no path of one machine", () => {
    const lock = readFileSync(join(root, "package-lock.json"), "utf8");
    expect(lock).not.toContain('"resolved"');
    const wrong = filesBelow(".").filter((file) => {
      const text = readFileSync(join(root, file), "latin1");
      return (
        /https?:\/\/(registry|deb|packages)\.[a-z]/.test(text) ||
        /["'`\s(](\/root|\/home\/[a-z]+|\/Users\/[a-z]+)\//.test(text)
      );
    });
    expect(wrong.filter((file) => !file.endsWith("structure.test.ts"))).toEqual([]);
  });
});
