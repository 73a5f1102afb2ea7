// The bridge from serverless.yml to TypeScript: its variables read .cjs files only.
module.exports.functions = async ({ resolveVariable }) => {
  const { serverlessFunctions } = await import("./serverless.ts");
  return serverlessFunctions(await resolveVariable("self:custom.name"));
};

module.exports.resources = async ({ resolveVariable }) => {
  const { stackResources } = await import("./resources.ts");
  return stackResources(await resolveVariable("self:custom.name"));
};

module.exports.mode = async () => (await import("./serverless.ts")).modeOf(process.env);
