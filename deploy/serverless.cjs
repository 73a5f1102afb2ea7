// The bridge from serverless.yml to TypeScript: its variables read .cjs files only.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

// Three sections ask for the settings; a mistake in them is told once, and without our stack.
let isTold = false;
const refuse = (error) => {
  const told = isTold ? new Error("The settings can't be used: another message here says why.") : error;
  isTold = true;
  told.stack = told.message;
  throw told;
};

const stackOf = async (resolveVariable) => {
  const { parseStack } = await import("./stack.ts");
  // This one may be rejected for another reason: the framework asks again when it knows more.
  const custom = await resolveVariable("self:custom");
  try {
    return parseStack(custom);
  } catch (error) {
    return refuse(error);
  }
};

const readBuild = () => {
  try {
    return JSON.parse(readFileSync(join(__dirname, "..", "dist", "build.json"), "utf8"));
  } catch {
    return undefined;
  }
};

module.exports.environment = async ({ resolveVariable }) => {
  const { environmentOf } = await import("./stack.ts");
  const { mistakesBeforePackaging } = await import("./before-packaging.ts");
  const stack = await stackOf(resolveVariable);
  const { stage } = await resolveVariable("self:custom");
  const build = readBuild();
  const mistakes = mistakesBeforePackaging(stage, stack, process.env, build);
  if (mistakes.length > 0) refuse(new Error(`This is not what you mean to deploy. ${mistakes.join("; ")}.`));
  if (build) process.stderr.write(`Policy: ${build.policy}, digest ${build.digest.slice(0, 12)}\n`);
  return environmentOf(stack, process.env);
};

module.exports.functions = async ({ resolveVariable }) => {
  const { serverlessFunctions } = await import("./serverless.ts");
  return serverlessFunctions(await stackOf(resolveVariable));
};

module.exports.resources = async ({ resolveVariable }) => {
  const { serverlessResources } = await import("./serverless.ts");
  return serverlessResources(await stackOf(resolveVariable), process.env);
};
