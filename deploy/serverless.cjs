// The bridge from serverless.yml to TypeScript: its variables read .cjs files only.
const stackOf = async (resolveVariable) => {
  const { parseStack } = await import("./stack.ts");
  return parseStack(await resolveVariable("self:custom"));
};

module.exports.environment = async ({ resolveVariable }) => {
  const { environmentOf } = await import("./stack.ts");
  return environmentOf(await stackOf(resolveVariable), process.env);
};

module.exports.functions = async ({ resolveVariable }) => {
  const { serverlessFunctions } = await import("./serverless.ts");
  return serverlessFunctions(await stackOf(resolveVariable));
};

module.exports.resources = async ({ resolveVariable }) => {
  const { serverlessResources } = await import("./serverless.ts");
  return serverlessResources(await stackOf(resolveVariable), process.env);
};
