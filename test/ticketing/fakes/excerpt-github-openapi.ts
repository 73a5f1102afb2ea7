import { readFileSync, writeFileSync } from "node:fs";

/**
 * What of GitHub's published description (npm package @octokit/openapi, MIT) the adapter's requests are held to. The package is no dependency: it is 29 MB to fetch and 400 MB
 * to unpack, of which these are 9 operations. To bring it up to date:
 *
 *     npm pack @octokit/openapi@<version> && tar xzf octokit-openapi-<version>.tgz package/generated/api.github.com.json package/LICENSE
 *     node test/ticketing/fakes/excerpt-github-openapi.ts package/generated/api.github.com.json package/LICENSE
 */
const OPERATIONS = [
  ["get", "/repos/{owner}/{repo}/issues"],
  ["post", "/repos/{owner}/{repo}/issues"],
  ["patch", "/repos/{owner}/{repo}/issues/{issue_number}"],
  ["post", "/repos/{owner}/{repo}/issues/{issue_number}/comments"],
  ["get", "/repos/{owner}/{repo}/issues/{issue_number}"],
  ["get", "/repos/{owner}/{repo}/issues/{issue_number}/sub_issues"],
  ["post", "/repos/{owner}/{repo}/issues/{issue_number}/sub_issues"],
  ["post", "/repos/{owner}/{repo}/labels"],
  ["post", "/app/installations/{installation_id}/access_tokens"],
] as const;

type Content = Readonly<Record<string, { readonly schema: unknown }>>;

const description = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const operations = OPERATIONS.map(([method, path]) => {
  const { parameters, requestBody, responses } = description.paths[path][method];
  const schemaOf = (content: Content | undefined) => plain(content?.["application/json"]?.schema);
  const query = parameters.map((each: unknown) => plain(each)).filter((each: { in: string }) => each.in === "query");
  return {
    method,
    path,
    query: Object.fromEntries(query.map(({ name, schema }: { name: string; schema: unknown }) => [name, schema])),
    body: schemaOf(requestBody?.content),
    statuses: Object.keys(responses).map(Number),
  };
});
const excerpt = {
  source: "@octokit/openapi",
  version: description.info.version,
  license: readFileSync(process.argv[3] ?? "", "utf8")
    .trim()
    .split("\n\n"),
  operations,
};
writeFileSync(new URL("github-openapi.json", import.meta.url), `${JSON.stringify(excerpt, null, 2)}\n`);

/** References resolved; no examples and descriptions; what may be null as JSON Schema says it. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const { $ref } = value as { readonly $ref?: string };
  if ($ref !== undefined) {
    const steps = $ref.slice(2).split("/");
    return plain(steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], description));
  }
  // `description` is the name of a member, too: that one is an object.
  const kept = Object.entries(value).filter(
    ([name, at]) => !["example", "examples"].includes(name) && !(name === "description" && typeof at === "string"),
  );
  const { nullable, ...schema } = Object.fromEntries(kept.map(([name, at]) => [name, plain(at)]));
  // JSON Schema's validators take `nullable` beside a type only.
  if (nullable === true && schema.type === undefined) return { anyOf: [schema, { type: "null" }] };
  return nullable === undefined ? schema : { ...schema, nullable };
}
